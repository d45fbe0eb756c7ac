//! Any resource, by each of its names, from servers that tell what they serve in either form.

use portolan_ingestor_contract::KindRequest;
use portolan_schema::Code;

use crate::peer::shared;

#[tokio::test]
async fn a_resource_is_found_by_each_of_its_names() {
    for plain in [false, true] {
        let shop = shared().await;
        if plain {
            shop.cluster.be_plain();
        }
        for (names, path) in [
            (&["pods", "v1/pods", "pods.v1"][..], "/api/v1/pods"),
            (
                &["deployments", "deployments.apps", "deployments.v1.apps", "apps/v1/deployments"],
                "/apis/apps/v1/deployments",
            ),
            (
                &["widgets", "widgets.example.com", "widgets.v1.example.com", "example.com/v1/widgets"],
                "/apis/example.com/v1/widgets",
            ),
            // Not in the group's preferred version.
            (
                &["gadgets", "gadgets.example.com", "example.com/v1alpha1/gadgets"],
                "/apis/example.com/v1alpha1/gadgets",
            ),
        ] {
            for name in names {
                let run = shop.read(&[name]).await;
                run.names(name);
                let lists = run.requests.iter().filter(|it| it.split('?').next() == Some(path)).count();
                assert_eq!(lists, 1, "{name}: {:?}", run.requests);
            }
        }
    }
}

#[tokio::test]
async fn discovery_is_asked_for_no_more_than_is_needed() {
    let shop = shared().await;
    let run = shop.read(&["services", "widgets", "gadgets.example.com"]).await;
    let asked: Vec<&str> = run.requests.iter().map(|it| it.split('?').next().unwrap()).collect();
    assert_eq!(asked[..2], ["/api", "/apis"]);
    assert_eq!(asked.len(), 2 + 3, "{asked:?}");

    shop.cluster.be_plain();
    let run = shop.read(&["services", "v1/pods", "ingresses"]).await;
    let mut asked: Vec<&str> = run.requests.iter().map(|it| it.split('?').next().unwrap()).collect();
    asked.retain(|path| !path.ends_with("s") || *path == "/apis");
    asked.sort_unstable();
    assert_eq!(asked, ["/api", "/api/v1", "/apis", "/apis/networking.k8s.io/v1"]);
}

#[tokio::test]
async fn what_there_is_not_fails_with_a_hint() {
    for plain in [false, true] {
        let shop = shared().await;
        if plain {
            shop.cluster.be_plain();
        }
        let how = "name a kind as pods, deployments.apps or apps/v1/deployments";
        for (name, hint) in [
            ("things", how),
            ("Pod", how),
            ("apps/v2/deployments", how),
            ("deploy", "did you mean \"deployments.apps\"?"),
            ("widget", "did you mean \"widgets.example.com\"?"),
            ("po", "did you mean \"pods\"?"),
            ("../secrets", how),
        ] {
            let run = shop.read_with(&shop.context(), &[KindRequest::new(name)]).await;
            let sentence = format!("the cluster prod serves no kind \"{name}\"; {hint}");
            assert_eq!(run.error(name), (Code::InvalidMapping, sentence.as_str()), "plain: {plain}");
        }
    }
}

//! Prefix search: what is found, in which order, page by page, and that the index answers it.

use portolan_schema::words::{WordKind, best};
use portolan_store::query::{MixedQuery, SearchQuery};
use portolan_store::testing::on_each_engine;

use crate::filled::{TENANT, changes, model, start, write};

#[tokio::test]
async fn a_text_finds_what_begins_with_it_page_by_page() {
    on_each_engine(|store| async move {
        let model = model();
        start(&store).await;
        let all = changes(&model);
        let names: Vec<(i64, String, String)> = all
            .iter()
            .map(|change| {
                let state = &change.after.state;
                (change.after.id, state.identifier.clone(), state.title.clone().unwrap())
            })
            .collect();
        write(&store, &model, all).await;
        let every: Vec<_> = model.blueprints().iter().map(|blueprint| blueprint.no()).collect();
        let scope = store.read(TENANT).await.unwrap();
        for (text, only, pages) in [
            ("service-7", None, 3),
            ("SERVICE-12345", None, 1),
            ("service 1", None, 4),
            ("1", None, 3),
            ("s", None, 3),
            ("system-1", Some(0), 3),
            ("9", Some(2), 3),
            ("nothing", None, 1),
            ("", None, 1),
            ("   ", None, 1),
        ] {
            let mut expected: Vec<(WordKind, String, i64)> = names
                .iter()
                .filter(|(id, ..)| {
                    only.is_none_or(|at| {
                        [1, 1_001, 100_001][at] <= *id && *id < [1_001, 100_001, i64::MAX][at]
                    })
                })
                .filter_map(|(id, identifier, title)| {
                    let (kind, word) = best(identifier, Some(title), &text.trim().to_lowercase())?;
                    Some((kind, word, *id))
                })
                .collect();
            expected.sort();
            if text.trim().is_empty() {
                expected.clear();
            }
            let mut found = Vec::new();
            let mut after = None;
            for _ in 0..pages {
                let only =
                    only.map(|at| vec![model.get(["system", "service", "deployment"][at]).unwrap().no()]);
                let query = SearchQuery {
                    text: text.to_owned(),
                    blueprints: only.unwrap_or_else(|| every.clone()),
                    limit: 7,
                    after: after.take(),
                    nodes: MixedQuery::default(),
                };
                let page = scope.search(&model, &query).await.unwrap();
                found.extend(page.nodes.iter().map(|node| node.entity.id));
                assert_eq!(page.has_next, found.len() < expected.len(), "{text}");
                after = page.nodes.last().map(|node| node.cursor.clone());
                if after.is_none() {
                    break;
                }
            }
            let wanted: Vec<i64> = expected.iter().take(7 * pages).map(|(.., id)| *id).collect();
            assert_eq!(found, wanted, "{text}");
        }
        let query = SearchQuery {
            text: "a".into(),
            blueprints: every,
            limit: 7,
            after: Some("nonsense".into()),
            nodes: MixedQuery::default(),
        };
        assert_eq!(scope.search(&model, &query).await.unwrap_err().code().as_str(), "INVALID_CURSOR");
    })
    .await;
}

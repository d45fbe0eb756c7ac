"""Asks the stand-in as Kubernetes' own Python client does. Reads JSON, writes JSON."""

import json
import sys

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException

asked = json.load(sys.stdin)
config.load_kube_config(asked["kubeconfig"])
core, apps, batch, net = client.CoreV1Api(), client.AppsV1Api(), client.BatchV1Api(), client.NetworkingV1Api()
LISTS = {
    "namespaces": core.list_namespace,
    "nodes": core.list_node,
    "pods": core.list_pod_for_all_namespaces,
    "services": core.list_service_for_all_namespaces,
    "configmaps": core.list_config_map_for_all_namespaces,
    "secrets": core.list_secret_for_all_namespaces,
    "deployments": apps.list_deployment_for_all_namespaces,
    "replicasets": apps.list_replica_set_for_all_namespaces,
    "statefulsets": apps.list_stateful_set_for_all_namespaces,
    "daemonsets": apps.list_daemon_set_for_all_namespaces,
    "cronjobs": batch.list_cron_job_for_all_namespaces,
    "jobs": batch.list_job_for_all_namespaces,
    "ingresses": net.list_ingress_for_all_namespaces,
}


def plain(value):
    """A typed object as JSON."""
    return json.loads(json.dumps(client.ApiClient().sanitize_for_serialization(value)).replace("+00:00", "Z"))


def everything():
    """Every list, in pages of three, read into the client's types."""
    found = {}
    for kind, read in LISTS.items():
        items, token, versions, left = [], None, set(), None
        while True:
            page = read(limit=3, _continue=token)
            assert left is None or left == len(page.items) + (page.metadata.remaining_item_count or 0), kind
            items += page.items
            versions.add(page.metadata.resource_version)
            token, left = page.metadata._continue, page.metadata.remaining_item_count
            if not token:
                break
        assert len(versions) == 1, (kind, versions)
        found[kind] = [plain(item) for item in items]
    widgets = client.CustomObjectsApi().list_cluster_custom_object("example.com", "v1", "widgets")
    found["widgets"] = widgets["items"]
    found["version"] = client.VersionApi().get_code().git_version
    return found


def first():
    page = core.list_pod_for_all_namespaces(limit=3)
    return {"continue": page.metadata._continue, "resourceVersion": page.metadata.resource_version}


def events():
    """So many events from a place on, or the error that ends them."""
    found = []
    watching = watch.Watch()
    try:
        stream = watching.stream(
            core.list_service_for_all_namespaces,
            resource_version=asked["from"],
            allow_watch_bookmarks=True,
            timeout_seconds=60,
            label_selector=asked.get("labels", ""),
        )
        for event in stream:
            found.append([event["type"], event["raw_object"]["metadata"].get("name")])
            if len(found) == asked["count"]:
                break
    except ApiException as error:
        return {"events": found, "status": error.status}
    return {"events": found, "version": watching.resource_version}


def failing(call):
    try:
        return call()
    except ApiException as error:
        body = json.loads(error.body)
        return {"status": error.status, "reason": body["reason"], "message": body["message"], "kind": body["kind"]}


def rest():
    return failing(lambda: len(core.list_pod_for_all_namespaces(limit=3, _continue=asked["continue"]).items))


def namespaced():
    pods = core.list_namespaced_pod("shop", label_selector="app in (web)", field_selector="spec.nodeName=n2").items
    return [pod.metadata.name for pod in pods] + [core.read_namespaced_pod("db-0", "shop").spec.node_name]


def nodes():
    return failing(lambda: len(core.list_node().items))


json.dump(globals()[asked["do"]](), sys.stdout)

//! Objects in the shapes that clusters have, with what the server and controllers put into them.

use serde_json::{Value, json};

/// When everything was made.
const CREATED: &str = "2026-01-31T12:00:00Z";

/// An id that is the same for the same thing.
pub fn uid(kind: &str, namespace: &str, name: &str) -> String {
    // FNV-1a, which is enough for tests.
    let text = format!("{kind}/{namespace}/{name}");
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, fold);
    format!("{:08x}-{:04x}-4000-8000-{:012x}", hash >> 32, hash >> 16 & 0xffff, hash & 0xffff_ffff_ffff)
}

/// Metadata as `kubectl apply` and the server leave it.
fn metadata(kind: &str, namespace: &str, name: &str, labels: Value) -> Value {
    let mut metadata = json!({
        "name": name, "uid": uid(kind, namespace, name), "generation": 1, "creationTimestamp": CREATED,
        "labels": labels,
        "annotations": { "team": "shop", "kubectl.kubernetes.io/last-applied-configuration": "{\"apiVersion\":\"v1\",\"password\":\"hunter2-hunter2\"}\n" },
        "managedFields": [{ "manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "v1",
            "time": CREATED, "fieldsType": "FieldsV1", "fieldsV1": { "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
            "f:spec": { "f:replicas": {} } } }],
    });
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    metadata
}

/// The object with a controller.
#[must_use]
pub fn owned(mut object: Value, api_version: &str, kind: &str, name: &str) -> Value {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
    object["metadata"]["ownerReferences"] = json!([{ "apiVersion": api_version, "kind": kind, "name": name,
        "uid": uid(kind, &namespace, name), "controller": true, "blockOwnerDeletion": true }]);
    object
}

/// A pod's specification, with a secret in the environment.
fn pod_spec(image: &str) -> Value {
    json!({ "containers": [{ "name": "main", "image": image, "imagePullPolicy": "IfNotPresent",
            "env": [{ "name": "DATABASE_PASSWORD", "value": "hunter2-hunter2" },
                { "name": "POD_IP", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "status.podIP" } } }],
            "ports": [{ "containerPort": 8080, "protocol": "TCP" }], "resources": { "requests": { "cpu": "100m" } },
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File" }],
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "app", "serviceAccount": "app", "securityContext": {},
        "schedulerName": "default-scheduler" })
}

fn template(name: &str, image: &str) -> Value {
    json!({ "metadata": { "creationTimestamp": null, "labels": { "app": name } }, "spec": pod_spec(image) })
}

pub fn namespace(name: &str) -> Value {
    let labels = json!({ "kubernetes.io/metadata.name": name });
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata("Namespace", "", name, labels),
        "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" } })
}

pub fn node(name: &str, ready: bool) -> Value {
    let labels = json!({ "kubernetes.io/hostname": name, "node-role.kubernetes.io/worker": "",
        "node.kubernetes.io/instance-type": "m7g.large", "topology.kubernetes.io/region": "eu-west-1",
        "topology.kubernetes.io/zone": "eu-west-1a" });
    json!({ "apiVersion": "v1", "kind": "Node", "metadata": metadata("Node", "", name, labels),
        "spec": { "podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24"],
            "providerID": "aws:///eu-west-1a/i-0123456789abcdef0" },
        "status": { "capacity": { "cpu": "2", "memory": "8041084Ki", "pods": "110" },
            "allocatable": { "cpu": "1930m", "memory": "7321212Ki", "pods": "110" },
            "conditions": [{ "type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory",
                "message": "kubelet has sufficient memory available", "lastHeartbeatTime": CREATED, "lastTransitionTime": CREATED },
                { "type": "Ready", "status": if ready { "True" } else { "False" }, "reason": "KubeletReady",
                "message": "kubelet is posting ready status", "lastHeartbeatTime": CREATED, "lastTransitionTime": CREATED }],
            "addresses": [{ "type": "InternalIP", "address": "10.0.0.7" }, { "type": "Hostname", "address": name }],
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            "nodeInfo": { "machineID": "m", "systemUUID": "u", "bootID": "b", "kernelVersion": "6.12.0", "osImage": "Bottlerocket OS 1.50.0",
                "containerRuntimeVersion": "containerd://2.1.4", "kubeletVersion": "v1.34.2", "kubeProxyVersion": "",
                "operatingSystem": "linux", "architecture": "arm64" } } })
}

pub fn deployment(namespace: &str, name: &str, image: &str) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": metadata("Deployment", namespace, name, json!({ "app": name })),
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": name } }, "template": template(name, image),
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": "25%", "maxSurge": "25%" } },
            "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600 },
        "status": { "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
            "conditions": [{ "type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                "message": "Deployment has minimum availability.", "lastUpdateTime": CREATED, "lastTransitionTime": CREATED }] } })
}

/// A deployment's replica set.
pub fn replica_set(namespace: &str, deployment: &str, hash: &str) -> Value {
    let name = format!("{deployment}-{hash}");
    let labels = json!({ "app": deployment, "pod-template-hash": hash });
    let set = json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": metadata("ReplicaSet", namespace, &name, labels),
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": deployment, "pod-template-hash": hash } },
            "template": template(deployment, "shop:1") },
        "status": { "replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 2, "availableReplicas": 2, "observedGeneration": 1 } });
    owned(set, "apps/v1", "Deployment", deployment)
}

pub fn stateful_set(namespace: &str, name: &str) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": metadata("StatefulSet", namespace, name, json!({ "app": name })),
        "spec": { "replicas": 1, "selector": { "matchLabels": { "app": name } }, "template": template(name, "postgres:18"),
            "serviceName": name, "podManagementPolicy": "OrderedReady",
            "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } }, "revisionHistoryLimit": 10 },
        "status": { "observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "currentReplicas": 1, "updatedReplicas": 1,
            "currentRevision": "r", "updateRevision": "r", "collisionCount": 0, "availableReplicas": 1 } })
}

pub fn daemon_set(namespace: &str, name: &str) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": metadata("DaemonSet", namespace, name, json!({ "app": name })),
        "spec": { "selector": { "matchLabels": { "app": name } }, "template": template(name, "agent:7"),
            "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 1, "maxSurge": 0 } },
            "revisionHistoryLimit": 10 },
        "status": { "currentNumberScheduled": 4, "numberMisscheduled": 0, "desiredNumberScheduled": 4, "numberReady": 3,
            "observedGeneration": 1, "updatedNumberScheduled": 4, "numberAvailable": 3, "numberUnavailable": 1 } })
}

pub fn cron_job(namespace: &str, name: &str) -> Value {
    json!({ "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": metadata("CronJob", namespace, name, json!({ "app": name })),
        "spec": { "schedule": "0 3 * * *", "concurrencyPolicy": "Forbid", "suspend": false,
            "jobTemplate": { "metadata": { "creationTimestamp": null }, "spec": { "template": template(name, "report:2") } },
            "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1 },
        "status": { "lastScheduleTime": "2026-01-31T03:00:00Z", "lastSuccessfulTime": "2026-01-31T03:01:00Z" } })
}

pub fn job(namespace: &str, name: &str) -> Value {
    json!({ "apiVersion": "batch/v1", "kind": "Job",
        "metadata": metadata("Job", namespace, name, json!({ "job-name": name })),
        "spec": { "parallelism": 1, "completions": 1, "backoffLimit": 6,
            "selector": { "matchLabels": { "batch.kubernetes.io/controller-uid": uid("Job", namespace, name) } },
            "template": template(name, "migrate:3"), "completionMode": "NonIndexed", "suspend": false },
        "status": { "conditions": [{ "type": "Complete", "status": "True", "lastProbeTime": CREATED, "lastTransitionTime": CREATED }],
            "startTime": CREATED, "completionTime": "2026-01-31T12:01:00Z", "succeeded": 1, "ready": 0,
            "uncountedTerminatedPods": {} } })
}

pub fn pod(namespace: &str, name: &str, node: &str) -> Value {
    let mut spec = pod_spec("shop:1");
    spec["nodeName"] = node.into();
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata("Pod", namespace, name, json!({ "app": "web" })),
        "spec": spec,
        "status": { "phase": "Running", "hostIP": "10.0.0.7", "podIP": "10.244.0.5", "podIPs": [{ "ip": "10.244.0.5" }],
            "startTime": CREATED, "qosClass": "Burstable",
            "conditions": [{ "type": "Ready", "status": "True", "lastProbeTime": null, "lastTransitionTime": CREATED },
                { "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": CREATED }],
            "containerStatuses": [{ "name": "main", "state": { "running": { "startedAt": CREATED } }, "lastState": {},
                "ready": true, "restartCount": 2, "image": "shop:1", "imageID": "docker.io/shop@sha256:00",
                "containerID": "containerd://00", "started": true }] } })
}

pub fn service(namespace: &str, name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata("Service", namespace, name, json!({ "app": name })),
        "spec": { "ports": [{ "name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080 }],
            "selector": { "app": name }, "clusterIP": "10.96.0.20", "clusterIPs": ["10.96.0.20"], "type": "LoadBalancer",
            "sessionAffinity": "None", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster" },
        "status": { "loadBalancer": { "ingress": [{ "hostname": format!("{name}.elb.example.com") }] } } })
}

pub fn ingress(namespace: &str, name: &str, service: &str) -> Value {
    let backend = json!({ "service": { "name": service, "port": { "number": 80 } } });
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": metadata("Ingress", namespace, name, json!({ "app": name })),
        "spec": { "ingressClassName": "nginx", "tls": [{ "hosts": ["shop.example.com"], "secretName": "shop-tls" }],
            "rules": [{ "host": "shop.example.com", "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] } }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": "203.0.113.7" }] } } })
}

pub fn config_map(namespace: &str, name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": metadata("ConfigMap", namespace, name, json!({ "app": name })),
        "data": { "app.properties": "password=hunter2-hunter2\n" } })
}

pub fn secret(namespace: &str, name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata("Secret", namespace, name, json!({ "app": name })),
        "data": { "password": "aHVudGVyMi1odW50ZXIy" }, "type": "Opaque" })
}

/// An object of somebody's own resource.
pub fn widget(namespace: &str, name: &str) -> Value {
    json!({ "apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": metadata("Widget", namespace, name, json!({ "app": name })),
        "spec": { "size": 3, "ratio": 0.5, "env": "production" } })
}

/// A small shop: some of everything.
pub fn shop() -> Vec<Value> {
    let mut all: Vec<Value> = ["default", "kube-system", "shop", "team-a"].map(namespace).into();
    all.extend(
        [("n1", true), ("n2", true), ("n3", true), ("n4", false)].map(|(name, ready)| node(name, ready)),
    );
    for name in ["web", "cart", "pay", "search", "mail"] {
        all.push(deployment("shop", name, "shop:1"));
        all.push(replica_set("shop", name, "5d9c7b"));
        all.push(replica_set("shop", name, "00000f"));
        for tail in ["aaaaa", "bbbbb"] {
            let pod = pod("shop", &format!("{name}-5d9c7b-{tail}"), "n1");
            all.push(owned(pod, "apps/v1", "ReplicaSet", &format!("{name}-5d9c7b")));
        }
        all.push(service("shop", name));
    }
    for name in ["db", "queue", "cache", "index"] {
        all.push(stateful_set("shop", name));
        all.push(owned(pod("shop", &format!("{name}-0"), "n2"), "apps/v1", "StatefulSet", name));
    }
    for name in ["logs", "metrics", "proxy", "cni"] {
        all.push(daemon_set("kube-system", name));
        all.push(owned(pod("kube-system", &format!("{name}-x1y2z"), "n3"), "apps/v1", "DaemonSet", name));
    }
    for name in ["report", "cleanup", "backup", "rotate"] {
        let run = format!("{name}-29000000");
        all.push(cron_job("team-a", name));
        all.push(owned(job("team-a", &run), "batch/v1", "CronJob", name));
        all.push(owned(pod("team-a", &format!("{run}-k8s7x"), "n1"), "batch/v1", "Job", &run));
    }
    all.push(job("shop", "migrate"));
    all.push(owned(pod("shop", "migrate-q1w2e", "n1"), "batch/v1", "Job", "migrate"));
    all.push(owned(pod("kube-system", "kube-apiserver-n1", "n1"), "v1", "Node", "n1"));
    all.push(pod("default", "debug", "n4"));
    for name in ["shop", "admin", "docs", "status"] {
        all.push(ingress("shop", name, "web"));
    }
    all.extend([
        config_map("shop", "settings"),
        secret("shop", "database"),
        widget("shop", "w1"),
        widget("team-a", "w2"),
    ]);
    all
}

"""What AWS's command line prints, by botocore, which it is built on. Reads a question and writes an answer as JSON."""

import json
import sys

import botocore.parsers
import botocore.session
from botocore.config import Config

session = botocore.session.get_session()
# Times stay as they came on the wire, as version 1 of the command line prints them.
session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=lambda value: value)


def listed(question):
    """The items of every list in the given regions."""
    secrets = question["secrets"]

    def client(service, region):
        return session.create_client(
            service,
            region_name=region,
            endpoint_url=question["endpoint"],
            aws_access_key_id=secrets["accessKeyId"],
            aws_secret_access_key=secrets["secretAccessKey"],
            aws_session_token=secrets["sessionToken"],
            config=Config(s3={"addressing_style": "path"}),
        )

    def pages(service, operation, path):
        for region in question["regions"]:
            paginator = client(service, region).get_paginator(operation)
            yield from paginator.paginate().search(path)

    def topic(arn):
        attributes = client("sns", arn.split(":")[3]).get_topic_attributes(TopicArn=arn)["Attributes"]
        return {"TopicArn": arn, "Attributes": attributes}

    tables, queues, clusters, services, definitions, eks_clusters, groups = [], [], [], [], [], [], []
    for region in question["regions"]:
        dynamodb, sqs = client("dynamodb", region), client("sqs", region)
        for name in dynamodb.list_tables()["TableNames"]:
            tables.append(dynamodb.describe_table(TableName=name)["Table"])
        for url in sqs.list_queues()["QueueUrls"]:
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            queues.append({"QueueUrl": url, "Attributes": attributes})
        ecs, eks = client("ecs", region), client("eks", region)
        for arn in ecs.list_clusters()["clusterArns"]:
            clusters += ecs.describe_clusters(clusters=[arn], include=["SETTINGS", "TAGS"])["clusters"]
            for name in ecs.list_services(cluster=arn)["serviceArns"]:
                services += ecs.describe_services(cluster=arn, services=[name], include=["TAGS"])["services"]
        for family in ecs.list_task_definition_families(status="ACTIVE")["families"]:
            definitions.append(ecs.describe_task_definition(taskDefinition=family)["taskDefinition"])
        for name in eks.list_clusters()["clusters"]:
            eks_clusters.append(eks.describe_cluster(name=name)["cluster"])
            for group in eks.list_nodegroups(clusterName=name)["nodegroups"]:
                groups.append(eks.describe_nodegroup(clusterName=name, nodegroupName=group)["nodegroup"])
    home = question["regions"][0]
    iam = client("iam", home)
    identity = client("sts", home).get_caller_identity()
    return {
        "Identity": {key: identity[key] for key in ("UserId", "Account", "Arn")},
        "Regions": client("ec2", home).describe_regions()["Regions"],
        "Buckets": client("s3", home).list_buckets()["Buckets"],
        "Instances": list(pages("ec2", "describe_instances", "Reservations[].Instances[]")),
        "Functions": list(pages("lambda", "list_functions", "Functions[]")),
        "Tables": tables,
        "Queues": queues,
        "EcsClusters": clusters,
        "Services": services,
        "TaskDefinitions": definitions,
        "EksClusters": eks_clusters,
        "NodeGroups": groups,
        "Topics": [topic(arn) for arn in pages("sns", "list_topics", "Topics[].TopicArn")],
        "Roles": [iam.get_role(RoleName=role["RoleName"])["Role"] for role in iam.list_roles()["Roles"]],
        "DBInstances": list(pages("rds", "describe_db_instances", "DBInstances[]")),
    }


# Shapes that an answer always has.
ITEMS = ("Region", "Reservation", "Instance", "DBInstance")


def element(name, shape, full, above=()):
    """An element with everything its shape may hold, or with nothing."""
    if shape.name in above:
        return ""
    above = above + (shape.name,)
    if shape.type_name == "structure":
        inner = ""
        for key, member in (shape.members if full or shape.name in ITEMS else {}).items():
            inner += element(member.serialization.get("name", key), member, full, above)
    elif shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        count = 1 if shape.member.name in ITEMS else 2 if full else 0
        inner = element(item, shape.member, full, above) * count
    elif shape.type_name == "boolean":
        inner = "true"
    elif shape.type_name in ("integer", "long"):
        inner = "7"
    elif shape.type_name == "timestamp":
        inner = "2026-01-31T12:00:00.000Z"
    else:
        inner = "0123 &lt;a&gt; &amp; &#228;" if full else ""
    return f"<{name}>{inner}</{name}>"


def made(question):
    """Answers made of the API's description, beside what botocore reads in them."""
    answers = {}
    for service, operations in {"ec2": ["DescribeRegions", "DescribeInstances"], "rds": ["DescribeDBInstances"]}.items():
        model = session.get_service_model(service)
        for operation in operations:
            shape = model.operation_model(operation).output_shape
            inner = "".join(
                element(member.serialization.get("name", key), member, question["fill"] == "full", (shape.name,))
                for key, member in shape.members.items()
                if key not in ("NextToken", "Marker")
            )
            wrapper = shape.serialization.get("resultWrapper")
            if wrapper:
                inner = f"<{wrapper}>{inner}</{wrapper}>"
            metadata = "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>" if wrapper else ""
            xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<{operation}Response xmlns="urn:x">{inner}{metadata}</{operation}Response>'
            parser = session.get_component("response_parser_factory").create_parser(model.protocol)
            parsed = parser.parse({"status_code": 200, "headers": {}, "body": xml.encode()}, shape)
            parsed.pop("ResponseMetadata", None)
            answers[operation] = {"xml": xml, "json": parsed}
    return answers


question = json.load(sys.stdin)
json.dump({"list": listed, "make": made}[question["do"]](question), sys.stdout)

//! The routes under `/v1`: Port's wire format.

use super::operation::Access::{Admin, Member, Open};
use super::operation::Operation;
use super::parameters::Parameter;

const BLUEPRINTS: &str = "Blueprints";
const ENTITIES: &str = "Entities";
const ORGANIZATION: &str = "Organization";

pub(super) const TAGS: &[(&str, &str)] = &[
    (
        BLUEPRINTS,
        "Types of entities, as JSON Schemas with relations, in the wire format of Port's public API.",
    ),
    (ENTITIES, "Entities, one and in bulk, in the wire format of Port's public API."),
    (ORGANIZATION, "Tokens and the tenant."),
];

/// How entities are shown.
fn showing() -> Vec<Parameter> {
    vec![
        Parameter::list("include", "Show these fields alone, such as `identifier` or `properties.tier`."),
        Parameter::list("exclude", "Leave these fields out."),
        Parameter::flag("attach_title_to_relation", "Show targets of relations as `{identifier, title}`."),
        Parameter::flag("exclude_calculated_properties", "Show only what authors wrote."),
    ]
}

/// How a write is done.
fn writing() -> Vec<Parameter> {
    let mut parameters = showing();
    parameters.extend([
        Parameter::flag("validation_only", "Check everything, change nothing."),
        Parameter::flag(
            "create_missing_related_entities",
            "Make bare entities for relations that lead nowhere.",
        ),
    ]);
    parameters
}

fn upserting() -> Vec<Parameter> {
    let mut parameters = writing();
    parameters.push(Parameter::flag("upsert", "Change the entity where it exists."));
    parameters.push(Parameter::flag("merge", "With `upsert`: keep what is not named; else it is replaced."));
    parameters
}

fn dependents() -> Parameter {
    Parameter::flag("delete_dependents", "Delete entities that require it too.")
}

pub(super) fn operations() -> Vec<Operation> {
    organization().into_iter().chain(blueprints()).chain(entities()).chain(searches()).collect()
}

fn organization() -> Vec<Operation> {
    let op = |method, path, id, summary| Operation::new(ORGANIZATION, method, path, id, summary);
    vec![
        op("post", "/v1/auth/access_token", "issueToken", "Exchange a credential for a token")
            .by(Open)
            .takes("Credential")
            .answers(200, "A token.", "TokenAnswer")
            .refuses([401]),
        op("get", "/v1/organization", "getOrganization", "The tenant of the token").answers(
            200,
            "The tenant.",
            "OrganizationAnswer",
        ),
    ]
}

fn blueprints() -> Vec<Operation> {
    let op = |method, path, id, summary| Operation::new(BLUEPRINTS, method, path, id, summary);
    let one = "/v1/blueprints/{blueprint}";
    let changed = "The blueprint as it is now.";
    vec![
        op("get", "/v1/blueprints", "listBlueprints", "All blueprints").answers(
            200,
            "The blueprints.",
            "BlueprintsAnswer",
        ),
        op("post", "/v1/blueprints", "createBlueprint", "Create a blueprint")
            .by(Admin)
            .takes("BlueprintInput")
            .answers(201, "The blueprint.", "BlueprintAnswer")
            .refuses([409]),
        op("get", one, "getBlueprint", "A blueprint").answers(200, "The blueprint.", "BlueprintAnswer"),
        op("put", one, "replaceBlueprint", "Replace a blueprint's definition")
            .by(Admin)
            .takes("BlueprintReplacement")
            .answers(200, changed, "BlueprintAnswer")
            .refuses([409]),
        op("patch", one, "updateBlueprint", "Change the named parts of a blueprint")
            .by(Admin)
            .takes("BlueprintChange")
            .answers(200, changed, "BlueprintAnswer")
            .refuses([409]),
        op("delete", one, "deleteBlueprint", "Delete a blueprint that nothing uses")
            .by(Admin)
            .answers(200, "It is gone.", "Done")
            .refuses([409, 422]),
        op(
            "patch",
            "/v1/blueprints/{blueprint}/properties/{property}/rename",
            "renameProperty",
            "Give a property another identifier",
        )
        .by(Admin)
        .takes("PropertyRename")
        .answers(200, changed, "BlueprintAnswer")
        .refuses([409]),
        op(
            "patch",
            "/v1/blueprints/{blueprint}/relations/{relation}/rename",
            "renameRelation",
            "Give a relation another identifier",
        )
        .by(Admin)
        .takes("RelationRename")
        .answers(200, changed, "BlueprintAnswer")
        .refuses([409]),
        op(
            "patch",
            "/v1/blueprints/{blueprint}/mirror/{mirror}/rename",
            "renameMirror",
            "Give a mirror property another identifier",
        )
        .by(Admin)
        .takes("MirrorRename")
        .answers(200, changed, "BlueprintAnswer")
        .refuses([409]),
        op(
            "delete",
            "/v1/blueprints/{blueprint}/all-entities",
            "deleteAllEntities",
            "Delete all entities of a blueprint, in the background",
        )
        .by(Admin)
        .query([Parameter::flag("delete_blueprint", "Delete the blueprint afterwards.")])
        .answers(200, "It has begun.", "MigrationBegun")
        .refuses([409]),
        op("get", "/v1/migrations/{migration}", "getMigration", "How far such a deletion is")
            .by(Admin)
            .answers(200, "The migration.", "MigrationAnswer"),
    ]
}

fn entities() -> Vec<Operation> {
    let op = |method, path, id, summary| Operation::new(ENTITIES, method, path, id, summary);
    let all = "/v1/blueprints/{blueprint}/entities";
    let one = "/v1/blueprints/{blueprint}/entities/{entity}";
    vec![
        op("get", all, "listEntities", "All entities of a blueprint").query(showing()).answers(
            200,
            "The entities, by identifier.",
            "EntitiesAnswer",
        ),
        op("post", all, "createEntity", "Create an entity, or upsert it")
            .by(Member)
            .query(upserting())
            .takes("EntityInput")
            .answers(201, "It was created.", "EntityAnswer")
            .answers(200, "It was changed, or would be.", "EntityAnswer")
            .refuses([409]),
        op(
            "post",
            "/v1/blueprints/{blueprint}/entities/bulk",
            "createEntities",
            "Create or upsert up to 20 entities",
        )
        .by(Member)
        .query(upserting())
        .takes("EntitiesInput")
        .answers(200, "All were written.", "BulkAnswer")
        .answers(207, "Some were not: `errors` says which.", "BulkAnswer")
        .refuses([409]),
        op("get", one, "getEntity", "An entity").query(showing()).answers(200, "The entity.", "EntityAnswer"),
        op("put", one, "replaceEntity", "Replace an entity")
            .by(Member)
            .query(writing())
            .takes("EntityInput")
            .answers(200, "The entity as it is now.", "EntityAnswer")
            .refuses([409]),
        op("patch", one, "updateEntity", "Change the named parts of an entity")
            .by(Member)
            .query(writing())
            .takes("EntityInput")
            .answers(200, "The entity as it is now.", "EntityAnswer")
            .refuses([409]),
        op("delete", one, "deleteEntity", "Delete an entity")
            .by(Member)
            .query([dependents()])
            .answers(200, "It is gone.", "Done")
            .refuses([409, 422]),
        op(
            "get",
            "/v1/blueprints/{blueprint}/entities-count",
            "countEntities",
            "How many entities a blueprint has",
        )
        .answers(200, "The number.", "CountAnswer"),
        op(
            "post",
            "/v1/blueprints/{blueprint}/bulk/entities/delete",
            "deleteEntities",
            "Delete up to 100 entities, all or none",
        )
        .by(Member)
        .query([dependents(), Parameter::flag("validation_only", "Check everything, change nothing.")])
        .takes("Identifiers")
        .answers(200, "They are gone.", "DeletedAnswer")
        .refuses([409]),
    ]
}

fn searches() -> Vec<Operation> {
    let op = |method, path, id, summary| Operation::new(ENTITIES, method, path, id, summary);
    vec![
        op(
            "post",
            "/v1/blueprints/{blueprint}/entities/search",
            "searchBlueprint",
            "A page of a blueprint's entities by rules",
        )
        .query(showing())
        .takes("PageInput")
        .answers(200, "The page; `next` leads to the next one.", "PageAnswer"),
        op(
            "post",
            "/v1/blueprints/{blueprint}/entities/search/count",
            "countFound",
            "How many entities of a blueprint match rules",
        )
        .takes("CountInput")
        .answers(200, "The number.", "CountAnswer"),
        op(
            "post",
            "/v1/entities/aggregate",
            "aggregateEntities",
            "A count, or a function of a property, over all entities that rules match, of every blueprint",
        )
        .takes("AggregateInput")
        .answers(200, "The result.", "AggregateAnswer"),
        op(
            "post",
            "/v1/blueprints/entities/datasource-entities",
            "listDatasource",
            "The entities that a client has made, known by the `User-Agent` it made them with",
        )
        .takes("DatasourceInput")
        .answers(
            200,
            "The entities; `next`, where there are more, leads to the next page.",
            "DatasourceAnswer",
        ),
        op("post", "/v1/entities/search", "searchEntities", "All entities by rules, of every blueprint")
            .query(showing())
            .takes("Rules")
            .answers(200, "The entities.", "SearchAnswer"),
    ]
}

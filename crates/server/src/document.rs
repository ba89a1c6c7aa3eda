//! What all operations have in common in the OpenAPI document: a name, a scope, how a key is shown, and
//! the refusals that no handler writes.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema,
    openapi::{
        Content, KnownFormat, ObjectBuilder, OpenApi, RefOr, ResponseBuilder, SchemaFormat, Type,
        extensions::{Extensions, ExtensionsBuilder},
        path::{HttpMethod, Operation, ParameterIn, PathItem, Paths},
        schema::Schema,
        security::{
            ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
        },
    },
};

use crate::{
    access::Scope,
    api::{contract_of, problem::Problem},
    audit::Action,
};

/// A route, as the router's table has it.
pub(crate) type Documented = (HttpMethod, &'static str, Scope, Action);

/// How a key can be shown; over WebSockets in the query too, because browsers give them no headers.
const HEADERS: [&str; 2] = ["key", "bearer"];
const QUERY: [&str; 2] = ["key_in_query", "ticket"];

const TOO_MANY: &str = "Too many requests with this key, or too many wrong secrets from this address; \
    `Retry-After` says when to come again";

/// Adds to each operation what it has in common with others.
pub(crate) fn complete(document: &mut OpenApi, routes: &[Documented]) {
    for (method, path, scope, _) in routes {
        let item = document.paths.paths.get_mut(*path);
        let Some(operation) = item.and_then(|item| operation(item, method)) else {
            continue;
        };
        let scope_name = ExtensionsBuilder::new().add("x-scope", scope.as_str());
        operation.extensions = Some(scope_name.build());
        operation.operation_id = Some(name(method, path));
        if *scope != Scope::Open {
            let ways = HEADERS
                .iter()
                .chain(QUERY.iter().filter(|_| is_socket(path)));
            let ways = ways.map(|way| SecurityRequirement::new(*way, [""; 0]));
            operation.security = Some(ways.collect());
        }
        if let Some(RefOr::T(body)) = operation.request_body.as_mut() {
            binary(&mut body.content);
        }
        refusals(operation, path, *scope);
    }
    plain_parameters(document);
    document.extensions = Some(actions(routes));
    let components = document.components.get_or_insert_default();
    // Parameters do not bring their types along.
    let stream = <wire::jobs::Stream as PartialSchema>::schema();
    components.schemas.insert("Stream".to_owned(), stream);
    let problem = <Problem as PartialSchema>::schema();
    components.schemas.insert("Problem".to_owned(), problem);
    for (way, scheme) in ways() {
        components.add_security_scheme(way, scheme);
    }
}

/// The names of the query parameters of an operation, if it is documented.
pub(crate) fn queries(paths: &Paths, path: &str, method: &HttpMethod) -> Option<Vec<String>> {
    let item = paths.paths.get(path)?;
    let operation = match method {
        HttpMethod::Get => item.get.as_ref(),
        HttpMethod::Put => item.put.as_ref(),
        HttpMethod::Post => item.post.as_ref(),
        HttpMethod::Delete => item.delete.as_ref(),
        HttpMethod::Patch => item.patch.as_ref(),
        _ => None,
    };
    let parameters = operation?.parameters.iter().flatten();
    let queries = parameters.filter_map(|parameter| match parameter {
        RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query) => {
            Some(parameter.name.clone())
        }
        _ => None,
    });
    Some(queries.collect())
}

/// OpenAPI cannot say that a parameter may have slashes: it stands there like any other.
fn plain_parameters(document: &mut OpenApi) {
    let paths = std::mem::take(&mut document.paths.paths);
    let plain = |(path, item): (String, PathItem)| (path.replace("{*", "{"), item);
    document.paths.paths = paths.into_iter().map(plain).collect();
}

/// What the audit calls the routes: those that it has a name for.
fn actions(routes: &[Documented]) -> Extensions {
    let named = routes.iter().filter_map(|(method, path, _, action)| {
        let (method, path) = (verb(method).to_uppercase(), path.replace("{*", "{"));
        Some((format!("{method} {path}"), (*action)?))
    });
    let named: BTreeMap<String, &str> = named.collect();
    ExtensionsBuilder::new()
        .add("x-audit", serde_json::json!(named))
        .build()
}

/// A document's word for an operation, made of its method and path: no other has it.
fn name(method: &HttpMethod, path: &str) -> String {
    let words = path
        .split(['/', '.'])
        .filter(|word| !matches!(*word, "" | "api"));
    let words = words.map(|word| word.trim_matches(['{', '}', '*']));
    // The contract has a health of its own.
    let probe = path.starts_with("/health").then_some("probe");
    std::iter::once(verb(method))
        .chain(probe)
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

fn verb(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "get",
        HttpMethod::Put => "put",
        HttpMethod::Post => "post",
        HttpMethod::Delete => "delete",
        HttpMethod::Patch => "patch",
        _ => "other",
    }
}

fn is_socket(path: &str) -> bool {
    path.starts_with("/ws/")
}

fn ways() -> [(&'static str, SecurityScheme); 4] {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let in_query = |name: &str| SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::new(name)));
    [
        (
            HEADERS[0],
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))),
        ),
        (HEADERS[1], SecurityScheme::Http(bearer)),
        (QUERY[0], in_query("api_key")),
        (QUERY[1], in_query("ticket")),
    ]
}

/// Documents every refusal that can come from before or around a handler, and gives those that the
/// handler names the body of the face.
fn refusals(operation: &mut Operation, path: &str, scope: Scope) {
    let mut common = vec![(
        "403",
        "Another site's page or host name asks, or the key does not have the scope",
    )];
    if scope != Scope::Open {
        common.push(("401", "No key, or one that is not good"));
        common.push(("500", "The database did not answer"));
    }
    // Secrets can also be shown in bodies.
    if scope != Scope::Open || operation.request_body.is_some() {
        common.push(("429", TOO_MANY));
    }
    if path.contains('{') {
        common.push(("404", "No such thing"));
        // Such as `claim` in the place of a job's id.
        common.push((
            "405",
            "What stands for the parameter makes it another path, which has no such method",
        ));
    }
    if operation.request_body.is_some() {
        common.push(("400", "The body is wrong"));
        common.push(("408", "The body comes too slowly"));
        common.push(("413", "The body is too large"));
        common.push(("500", "The database did not answer"));
        common.push((
            "503",
            "Too much to do at once; `Retry-After` says when to come again",
        ));
    }
    let responses = &mut operation.responses.responses;
    for (status, description) in common {
        let refusal = ResponseBuilder::new().description(description);
        responses
            .entry(status.to_owned())
            .or_insert_with(|| refusal.build().into());
    }
    let contract = contract_of(path);
    for (status, response) in responses {
        let RefOr::T(response) = response else {
            continue;
        };
        binary(&mut response.content);
        if status.starts_with(['4', '5']) && response.content.is_empty() {
            let content = Content::new(Some((contract.schema)()));
            let kind = contract.media_type.to_owned();
            response.content.insert(kind, content.into());
        }
    }
}

/// Raw bytes are no array of numbers.
fn binary<'a>(contents: impl IntoIterator<Item = (&'a String, &'a mut RefOr<Content>)>) {
    for (kind, content) in contents {
        let raw = kind == "application/octet-stream" || kind.starts_with("image/");
        if let RefOr::T(content) = content
            && raw
        {
            let bytes = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
            content.schema = Some(RefOr::T(Schema::from(bytes)));
        }
    }
}

/// The operation of an item that has this method.
pub(crate) fn operation<'a>(
    item: &'a mut PathItem,
    method: &HttpMethod,
) -> Option<&'a mut Operation> {
    match method {
        HttpMethod::Get => item.get.as_mut(),
        HttpMethod::Put => item.put.as_mut(),
        HttpMethod::Post => item.post.as_mut(),
        HttpMethod::Delete => item.delete.as_mut(),
        HttpMethod::Patch => item.patch.as_mut(),
        _ => None,
    }
}

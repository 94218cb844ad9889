//! `sse`: what a script does to the server.

use std::sync::Arc;

use bytestring::ByteString;
use mlua::{Error, Lua, Result, Table};

use crate::script::{
    allowance::Allowance,
    answers::Beside,
    host::{Connection, Host},
    message_table::MessageTable,
    publication::Publication,
    request_table::RequestTable,
    returned,
    shared::Shared,
    subscriber::Sub,
    tables::Keys,
};

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua, host: &Arc<dyn Host>, shared: &Arc<Shared>) -> Result<()> {
    let package = lua.create_table()?;

    let theirs = Arc::clone(host);
    let publish = move |lua: Lua, (message, options): (Table, Option<Table>)| {
        let host = Arc::clone(&theirs);
        async move { publish(&lua, &*host, &message, options).await }
    };
    package.set("publish", lua.create_async_function(publish)?)?;

    let (theirs, shared) = (Arc::clone(host), Arc::clone(shared));
    let subscribers = move |lua: Lua, topic: Option<String>| {
        let (host, shared) = (Arc::clone(&theirs), Arc::clone(&shared));
        async move {
            let connections = host.subscribers(topic).await.map_err(Error::runtime)?;
            list(&lua, &connections, &shared.subs())
        }
    };
    package.set("subscribers", lua.create_async_function(subscribers)?)?;

    let theirs = Arc::clone(host);
    let count = move |_, topic: Option<String>| {
        let host = Arc::clone(&theirs);
        async move { host.count(topic).await.map_err(Error::runtime) }
    };
    package.set("count", lua.create_async_function(count)?)?;

    let theirs = Arc::clone(host);
    let disconnect = move |lua: Lua, (connection, options): (String, Option<Table>)| {
        let host = Arc::clone(&theirs);
        async move {
            let retry = match options {
                Some(options) => returned::milliseconds(&lua, &options.raw_get("retry")?)?,
                None => None,
            };
            Ok(host.disconnect(connection, retry).await)
        }
    };
    package.set("disconnect", lua.create_async_function(disconnect)?)?;

    lua.register_module("sse", package)
}

async fn publish(
    lua: &Lua,
    host: &dyn Host,
    message: &Table,
    options: Option<Table>,
) -> Result<Table> {
    let allowance = Allowance::of(lua);
    let message = returned::message(lua, message, &MessageTable::default(), &allowance)?;
    if message.is_empty() {
        return Err(Error::runtime("an empty message cannot be published"));
    }
    let routing = Beside::new(options).routing(lua, &allowance)?;
    let publication = Publication::new(RequestTable::of_script(), message);
    let published = host.publish(publication, routing).await;
    let published = published.map_err(Error::runtime)?;
    let table = lua.create_table_with_capacity(0, 2)?;
    table.raw_set("id", published.id)?;
    table.raw_set("subscribers", published.subscribers)?;
    Ok(table)
}

fn list(lua: &Lua, connections: &[Connection], subs: &[Sub]) -> Result<Table> {
    let keys = Keys::new(lua)?;
    let by_id: std::collections::HashMap<&ByteString, &Sub> =
        subs.iter().map(|sub| (&sub.request().id, sub)).collect();
    let list = lua.create_table_with_capacity(connections.len(), 0)?;
    for connection in connections {
        let item = lua.create_table_with_capacity(0, 4)?;
        item.raw_set("conn", connection.id.as_str())?;
        let topics = connection.topics.iter().map(String::as_str);
        item.raw_set("topics", lua.create_sequence_from(topics)?)?;
        item.raw_set("since", connection.since_ms)?;
        if let Some(sub) = by_id.get(&ByteString::from(&*connection.id)) {
            item.raw_set("sub", keys.sub(lua, sub)?)?;
        }
        list.raw_push(item)?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::script::{
        host::{BoxFuture, HostPublished},
        packages::table::check,
        value::Fields,
        verdict::Routing,
    };

    /// Answers with what it was asked.
    #[derive(Default)]
    struct Echo(Mutex<Vec<String>>);

    impl Host for Echo {
        fn publish(
            &self,
            publication: Publication,
            routing: Routing,
        ) -> BoxFuture<std::result::Result<HostPublished, String>> {
            let data = publication.message().data.clone();
            let data = data.unwrap_or_default().to_string();
            Box::pin(async move {
                match data.as_str() {
                    "refuse" => Err("refused".to_owned()),
                    _ => Ok(HostPublished {
                        id: format!("{data} {routing:?}"),
                        subscribers: 3,
                    }),
                }
            })
        }

        fn subscribers(
            &self,
            topic: Option<String>,
        ) -> BoxFuture<std::result::Result<Vec<Connection>, String>> {
            let connection = |id: &str| Connection {
                id: id.to_owned(),
                topics: topic.iter().cloned().collect(),
                since_ms: 5,
            };
            let connections = vec![connection("known"), connection("other")];
            Box::pin(async move { Ok(connections) })
        }

        fn count(&self, topic: Option<String>) -> BoxFuture<std::result::Result<usize, String>> {
            Box::pin(async move { Ok(topic.map_or(2, |topic| topic.len())) })
        }

        fn disconnect(&self, connection: String, retry_ms: Option<u64>) -> BoxFuture<bool> {
            self.0.lock().unwrap().push(connection.clone());
            Box::pin(async move { connection == "known" && retry_ms != Some(7) })
        }
    }

    #[test]
    fn each_function_keeps_to_its_table() {
        let host: Arc<dyn Host> = Arc::new(Echo::default());
        let shared = Arc::new(Shared::new());
        let request = RequestTable {
            id: "known".into(),
            ..RequestTable::of_script()
        };
        let fields = Fields {
            list: Vec::new(),
            map: vec![("name".into(), "ann".into())],
        };
        shared.add(Sub::new(request, fields, 1));
        check(
            |lua| register(lua, &host, &shared),
            &[
                (
                    "return require('sse').publish({data = 'd'}).subscribers",
                    "3",
                ),
                (
                    "return require('sse').publish({data = 'd'}).id",
                    "'d Routing { topics: None, ttl_ms: None, key: None }'",
                ),
                (
                    "return require('sse').publish({data = 1}, {topics = {'a', 'b'}, ttl = 5, key = 'k'}).id",
                    "'1 Routing { topics: Some([\"a\", \"b\"]), ttl_ms: Some(5), key: Some(\"k\") }'",
                ),
                ("return require('sse').publish({})", "!empty message"),
                ("return require('sse').publish({id = 'a\\nb'})", "!id"),
                (
                    "return require('sse').publish({data = 'd'}, {topics = {''}})",
                    "!topic",
                ),
                (
                    "return require('sse').publish({data = 'refuse'})",
                    "!refused",
                ),
                ("return require('sse').publish('text')", "!table"),
                ("return require('sse').count()", "2"),
                ("return require('sse').count('abc')", "3"),
                ("return require('sse').disconnect('known')", "true"),
                (
                    "return require('sse').disconnect('known', {retry = 7})",
                    "false",
                ),
                ("return require('sse').disconnect('nobody')", "false"),
                (
                    "return require('sse').subscribers('t')[1].sub.name",
                    "'ann'",
                ),
                (
                    "return require('sse').subscribers('t')[1].sub.req.id",
                    "'known'",
                ),
                (
                    "return require('sse').subscribers('t')[2]",
                    "{conn='other',since=5,topics={'t'}}",
                ),
                ("return #require('sse').subscribers()", "2"),
            ],
        );
    }
}

//! The options as scripts see them.

use std::{net::SocketAddr, time::Duration};

use crate::{
    script::{CliTable, Value},
    settings::Settings,
};

/// Returns the argument of the hook `startup`; times are in milliseconds.
pub(crate) fn of(settings: &Settings, listen: SocketAddr) -> CliTable {
    let options = &settings.options;
    let (stream, script, cors) = (&options.stream, &options.script, &options.cors);
    let path = |path: &Option<std::path::PathBuf>| {
        path.as_ref()
            .map(|path| path.to_string_lossy().into_owned())
    };
    let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let admin = settings.admin_listen.map(|address| address.to_string());
    CliTable::new()
        .set("listen", listen.to_string())
        .set("admin_listen", admin)
        .set("log_level", settings.log_level.to_string())
        .set("ids", stream.wire_ids().to_string())
        .set("keep_alive", millis(stream.keep_alive))
        .set("keep_alive_text", stream.keep_alive_text.clone())
        .set("timeout", millis(stream.timeout))
        .set(
            "timeout_retry",
            millis(stream.timeout_retry.unwrap_or_default()),
        )
        .set("capacity", number(stream.capacity))
        .set("script", path(&script.script))
        .set("script_tick", millis(script.script_tick))
        .set("script_data", script.script_data.clone())
        .set("script_timeout", millis(script.script_timeout))
        .set("unsafe_script", script.unsafe_script)
        .set("pub_path", settings.pub_path.clone())
        .set("sub_path", settings.sub_path.clone())
        .set("max_body_size", number(settings.max_body_size))
        .set("serve_static_dir", path(&options.files.serve_static_dir))
        .set("serve_static_path", options.files.serve_static_path.clone())
        .set("cors_allow_origin", cors.cors_allow_origin.clone())
        .set("cors_allow_methods", cors.cors_allow_methods.clone())
        .set("cors_allow_headers", cors.cors_allow_headers.clone())
        .set("cors_allow_credentials", cors.cors_allow_credentials)
        .set("cors_max_age", millis(cors.cors_max_age))
}

fn millis(time: Duration) -> Value {
    Value::Integer(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

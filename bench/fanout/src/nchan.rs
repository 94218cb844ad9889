//! nchan, a module of nginx, under the same paths as the others.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

const NGINX: &str = "/usr/sbin/nginx";
const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// A configuration in a directory of its own, which goes with it.
#[derive(Debug)]
pub struct Nchan {
    directory: PathBuf,
    pub port: u16,
}

/// Why it cannot be started, if it cannot.
pub fn missing() -> Option<&'static str> {
    let is_there = Path::new(NGINX).exists() && Path::new(MODULE).exists();
    (!is_there).then_some("not installed: apt-get install nginx libnginx-mod-nchan")
}

impl Nchan {
    pub fn prepare(retain: usize) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let name = format!("fanout-nchan-{}-{port}", std::process::id());
        let nchan = Self {
            directory: env::temp_dir().join(name),
            port,
        };
        fs::create_dir_all(&nchan.directory)?;
        fs::write(nchan.configuration(), nchan.text(retain))?;
        Ok(nchan)
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(NGINX);
        command.arg("-p").arg(&self.directory);
        command.arg("-e").arg("stderr");
        command.arg("-c").arg(self.configuration());
        command
    }

    fn configuration(&self) -> PathBuf {
        self.directory.join("nginx.conf")
    }

    fn text(&self, retain: usize) -> String {
        let port = self.port;
        format!(
            "load_module {MODULE};
user root;
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 19000; }}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 1000000000;
  nchan_shared_memory_size 512M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /events {{
      nchan_subscriber eventsource;
      nchan_channel_id $arg_topic;
      nchan_subscriber_first_message newest;
    }}
    location = /publish {{
      nchan_publisher http;
      nchan_channel_id $arg_topic;
      nchan_message_buffer_length {retain};
      nchan_message_timeout 1h;
    }}
  }}
}}
"
        )
    }
}

impl Drop for Nchan {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.directory);
    }
}

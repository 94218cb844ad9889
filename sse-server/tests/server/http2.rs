//! HTTP/2 without TLS, for those who begin with it.

use std::time::Duration;

use reqwest::{Client, Version};

use crate::running::Running;

#[test]
fn http_2_has_publishers_and_many_streams_on_one_connection() {
    let server = Running::new();
    let url = format!("http://{}/sse", server.address);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let talk = async {
        let client = Client::builder().http2_prior_knowledge().build().unwrap();
        let mut streams = Vec::new();
        for _ in 0..10 {
            let stream = client.get(&url).send().await.unwrap();
            assert_eq!(
                (stream.version(), stream.status().as_u16()),
                (Version::HTTP_2, 200)
            );
            assert!(!stream.headers().contains_key("connection"));
            streams.push(stream);
        }
        let publish = client.post(&url).header("content-type", "application/json");
        let receipt = publish.body(r#"{"data":"x"}"#).send().await.unwrap();
        assert_eq!(receipt.version(), Version::HTTP_2);
        assert_eq!(
            receipt.text().await.unwrap(),
            r#"{"queued":1,"subscribers":10}"#
        );
        for stream in &mut streams {
            let mut text = Vec::new();
            while text.len() < b": ok\n\ndata: x\n\n".len() {
                text.extend(stream.chunk().await.unwrap().unwrap());
            }
            assert_eq!(text, b": ok\n\ndata: x\n\n");
        }
    };
    let all = async { tokio::time::timeout(Duration::from_secs(20), talk).await };
    runtime.unwrap().block_on(all).unwrap();
}

#[test]
fn a_client_that_holds_a_stream_back_is_cut() {
    let arguments = ["--write-timeout", "300ms", "--lag-count", "8", "-c", "8"];
    let server = Running::with(&arguments);
    let url = format!("http://{}/sse", server.address);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let talk = async {
        let client = Client::builder().http2_prior_knowledge().build().unwrap();
        let mut held = client.get(&url).send().await.unwrap();
        let body = serde_json::json!({ "data": "x".repeat(60_000) }).to_string();
        // Beyond the window of the stream, which nobody makes larger.
        for _ in 0..200 {
            let publish = client.post(&url).header("content-type", "application/json");
            let Ok(receipt) = publish.body(body.clone()).send().await else {
                break;
            };
            assert_eq!(receipt.status(), 202);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut last = held.chunk().await;
        while let Ok(Some(_)) = last {
            last = held.chunk().await;
        }
        assert!(last.is_err(), "the stream has an end");
    };
    let all = async { tokio::time::timeout(Duration::from_secs(20), talk).await };
    runtime.unwrap().block_on(all).unwrap();
}

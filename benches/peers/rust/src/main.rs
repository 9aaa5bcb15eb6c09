//! The async-openai client at the work of the benchmarks: PROGRAM WORK URL COUNT OUT.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequest, CreateChatCompletionRequestArgs,
};
use futures::StreamExt;
use serde_json::json;
use std::sync::{Arc, Mutex};

/// Digits of a moment, which is the text of a paced event.
const STAMP: usize = 20;

fn clock_ns(which: libc::clockid_t) -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes one timespec.
    unsafe { libc::clock_gettime(which, &mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

fn now() -> i64 {
    clock_ns(libc::CLOCK_MONOTONIC)
}

fn cpu() -> i64 {
    clock_ns(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn resident_kb(which: &str) -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(which)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn points(took: &mut [i64]) -> Vec<i64> {
    took.sort_unstable();
    (0..=100).map(|i| took[(took.len() - 1) * i / 100]).collect()
}

fn question() -> CreateChatCompletionRequest {
    let message = ChatCompletionRequestUserMessageArgs::default().content("Why is the sky blue?").build().unwrap();
    let mut request = CreateChatCompletionRequestArgs::default();
    request.model("meta-llama/Llama-3.3-70B-Instruct").messages([message.into()]).build().unwrap()
}

async fn stream(client: &Client<OpenAIConfig>, mut piece: impl FnMut(&str)) {
    let mut stream = client.chat().create_stream(question()).await.unwrap();
    while let Some(chunk) = stream.next().await {
        if let Some(text) = chunk.unwrap().choices.first().and_then(|choice| choice.delta.content.as_deref()) {
            piece(text);
        }
    }
}

#[derive(Default)]
struct Paced {
    begun: Option<(i64, i64)>,
    sum: u64,
    took: Vec<i64>,
}

async fn paced(client: Client<OpenAIConfig>, streams: usize) -> serde_json::Value {
    let all = Arc::new(Mutex::new(Paced::default()));
    let tasks: Vec<_> = (0..streams)
        .map(|_| {
            let (client, all) = (client.clone(), Arc::clone(&all));
            tokio::spawn(async move {
                let (mut own, mut sum) = (Vec::new(), 0u64);
                stream(&client, |text| {
                    if text.is_empty() {
                        return;
                    }
                    assert_eq!(text.len(), STAMP, "a piece is no stamp");
                    if own.is_empty() {
                        all.lock().unwrap().begun.get_or_insert_with(|| (now(), cpu()));
                    }
                    let stamp: i64 = text.parse().unwrap();
                    own.push(now() - stamp);
                    sum = sum.wrapping_add(stamp as u64);
                })
                .await;
                let mut all = all.lock().unwrap();
                all.took.extend(own);
                all.sum = all.sum.wrapping_add(sum);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut all = all.lock().unwrap();
    let (begun, begun_cpu) = all.begun.unwrap();
    json!({"events": all.took.len(), "sum": all.sum, "cpu_ns": cpu() - begun_cpu, "wall_ns": now() - begun,
        "peak_kb": resident_kb("VmHWM:"), "latency_ns": points(&mut all.took)})
}

async fn flood(client: &Client<OpenAIConfig>, out: &str) -> serde_json::Value {
    let mut text = String::new();
    let (begun, begun_cpu) = (now(), cpu());
    stream(client, |piece| text.push_str(piece)).await;
    let result =
        json!({"cpu_ns": cpu() - begun_cpu, "wall_ns": now() - begun, "peak_kb": resident_kb("VmHWM:")});
    std::fs::write(out, text).unwrap();
    result
}

async fn unary(client: &Client<OpenAIConfig>, count: i64, out: &str) -> serde_json::Value {
    let (mut took, mut text, mut begun_cpu) = (Vec::new(), String::new(), 0);
    for i in -count / 10..count {
        if i == 0 {
            begun_cpu = cpu();
        }
        let begun = now();
        let answer = client.chat().create(question()).await.unwrap();
        text = answer.choices[0].message.content.clone().unwrap();
        if i >= 0 {
            took.push(now() - begun);
        }
    }
    let used = cpu() - begun_cpu;
    std::fs::write(out, text).unwrap();
    json!({"cpu_ns": used, "requests": count, "idle_kb": resident_kb("VmRSS:"), "latency_ns": points(&mut took)})
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, work, url, count, out] = arguments.as_slice() else { panic!("usage: PROGRAM WORK URL COUNT OUT") };
    let count: i64 = count.parse().unwrap();
    let client = Client::with_config(OpenAIConfig::new().with_api_base(url).with_api_key("key"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = runtime.block_on(async {
        match work.as_str() {
            "flood" => flood(&client, out).await,
            "unary" => unary(&client, count, out).await,
            _ => paced(client.clone(), count as usize).await,
        }
    });
    println!("{result}");
}

// The official Node client: PROGRAM WORK URL COUNT OUT, of the works flood and unary.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// It is installed beside what is built, and not here.
const installed = createRequire(pathToFileURL(process.env.BENCH_NODE_MODULES + "/"));
const { OpenAI } = installed("openai");

const [work, url, counted, out] = process.argv.slice(2);
const count = Number(counted);
const question = {
    model: "meta-llama/Llama-3.3-70B-Instruct",
    messages: [{ role: "user", content: "Why is the sky blue?" }],
};
const client = new OpenAI({ baseURL: url, apiKey: "key", maxRetries: 0 });

const residentKb = (which) => Number(readFileSync("/proc/self/status", "utf8").match(new RegExp(`${which}\\s+(\\d+)`))[1]);
const cpuNs = () => { const used = process.cpuUsage(); return (used.user + used.system) * 1000; };
const clockNs = () => Number(process.hrtime.bigint());

let result, text;
if (work === "flood") {
    const pieces = [];
    const begun = clockNs(), cpu = cpuNs();
    for await (const chunk of await client.chat.completions.create({ ...question, stream: true })) {
        const piece = chunk.choices[0]?.delta?.content;
        if (piece) pieces.push(piece);
    }
    result = { cpu_ns: cpuNs() - cpu, wall_ns: clockNs() - begun, peak_kb: residentKb("VmHWM:") };
    text = pieces.join("");
} else {
    const took = [];
    let cpu = 0;
    for (let i = -Math.floor(count / 10); i < count; i++) {
        if (i === 0) cpu = cpuNs();
        const begun = clockNs();
        text = (await client.chat.completions.create(question)).choices[0].message.content;
        if (i >= 0) took.push(clockNs() - begun);
    }
    took.sort((a, b) => a - b);
    const points = Array.from({ length: 101 }, (_, i) => took[Math.floor(((count - 1) * i) / 100)]);
    result = { cpu_ns: cpuNs() - cpu, requests: count, idle_kb: residentKb("VmRSS:"), latency_ns: points };
}
console.log(JSON.stringify(result));
writeFileSync(out, text);

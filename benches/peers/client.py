"""The official Python client: PROGRAM WORK URL COUNT OUT, of the works flood and unary."""
import json
import sys
import time

from openai import OpenAI

work, url, count, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
MODEL = "meta-llama/Llama-3.3-70B-Instruct"
MESSAGES = [{"role": "user", "content": "Why is the sky blue?"}]


def resident_kb(which):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(which))


def ask(client, stream):
    return client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=stream)


client = OpenAI(base_url=url, api_key="key", max_retries=0)
result = {}
if work == "flood":
    pieces = []
    begun, cpu = time.monotonic_ns(), time.process_time_ns()
    for chunk in ask(client, True):
        if chunk.choices and chunk.choices[0].delta.content:
            pieces.append(chunk.choices[0].delta.content)
    result = {"cpu_ns": time.process_time_ns() - cpu, "wall_ns": time.monotonic_ns() - begun,
              "peak_kb": resident_kb("VmHWM:")}
    text = "".join(pieces)
else:
    took = []
    for i in range(-count // 10, count):
        if i == 0:
            cpu = time.process_time_ns()
        begun = time.monotonic_ns()
        text = ask(client, False).choices[0].message.content
        if i >= 0:
            took.append(time.monotonic_ns() - begun)
    took.sort()
    result = {"cpu_ns": time.process_time_ns() - cpu, "requests": count, "idle_kb": resident_kb("VmRSS:"),
              "latency_ns": [took[(count - 1) * i // 100] for i in range(101)]}
print(json.dumps(result))
with open(out, "w", newline="") as file:
    file.write(text)

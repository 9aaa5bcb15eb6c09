// The official Go client, and the one that most programs use: PROGRAM PEER WORK URL COUNT OUT.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	sashabaranov "github.com/sashabaranov/go-openai"
)

const (
	model  = "meta-llama/Llama-3.3-70B-Instruct"
	prompt = "Why is the sky blue?"
	// Digits of a moment, which is the text of a paced event.
	stamp = 20
)

// peer is one of the two clients.
type peer interface {
	// stream asks, and calls piece for each piece of the answer.
	stream(piece func(string)) error
	// whole asks, and answers the text.
	whole() (string, error)
}

type official struct{ client openai.Client }

func (p official) question() openai.ChatCompletionNewParams {
	messages := []openai.ChatCompletionMessageParamUnion{openai.UserMessage(prompt)}
	return openai.ChatCompletionNewParams{Model: model, Messages: messages}
}

func (p official) stream(piece func(string)) error {
	stream := p.client.Chat.Completions.NewStreaming(context.Background(), p.question())
	defer stream.Close()
	for stream.Next() {
		if choices := stream.Current().Choices; len(choices) > 0 {
			piece(choices[0].Delta.Content)
		}
	}
	return stream.Err()
}

func (p official) whole() (string, error) {
	answer, err := p.client.Chat.Completions.New(context.Background(), p.question())
	if err != nil {
		return "", err
	}
	return answer.Choices[0].Message.Content, nil
}

type most struct{ client *sashabaranov.Client }

func (p most) question() sashabaranov.ChatCompletionRequest {
	messages := []sashabaranov.ChatCompletionMessage{{Role: "user", Content: prompt}}
	return sashabaranov.ChatCompletionRequest{Model: model, Messages: messages}
}

func (p most) stream(piece func(string)) error {
	stream, err := p.client.CreateChatCompletionStream(context.Background(), p.question())
	if err != nil {
		return err
	}
	defer stream.Close()
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(chunk.Choices) > 0 {
			piece(chunk.Choices[0].Delta.Content)
		}
	}
}

func (p most) whole() (string, error) {
	answer, err := p.client.CreateChatCompletion(context.Background(), p.question())
	if err != nil {
		return "", err
	}
	return answer.Choices[0].Message.Content, nil
}

// clockNs is the clock of the stamps: CLOCK_MONOTONIC.
func clockNs() int64 {
	var now syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}

func cpuNs() int64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return used.Utime.Nano() + used.Stime.Nano()
}

func residentKb(which string) int64 {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, which); found {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb
		}
	}
	return -1
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func points(took []int64) []int64 {
	slices.Sort(took)
	var all []int64
	for i := range 101 {
		all = append(all, took[(len(took)-1)*i/100])
	}
	return all
}

func flood(p peer, out string) map[string]any {
	var text strings.Builder
	begun, cpu := clockNs(), cpuNs()
	must(p.stream(func(piece string) { text.WriteString(piece) }))
	result := map[string]any{"cpu_ns": cpuNs() - cpu, "wall_ns": clockNs() - begun, "peak_kb": residentKb("VmHWM:")}
	must(os.WriteFile(out, []byte(text.String()), 0o666))
	return result
}

func unary(p peer, count int, out string) map[string]any {
	var took []int64
	var text string
	var cpu int64
	for i := -count / 10; i < count; i++ {
		if i == 0 {
			cpu = cpuNs()
		}
		begun := clockNs()
		var err error
		text, err = p.whole()
		must(err)
		if i >= 0 {
			took = append(took, clockNs()-begun)
		}
	}
	cpu = cpuNs() - cpu
	must(os.WriteFile(out, []byte(text), 0o666))
	return map[string]any{"cpu_ns": cpu, "requests": count, "idle_kb": residentKb("VmRSS:"), "latency_ns": points(took)}
}

func paced(p peer, streams int) map[string]any {
	var lock sync.Mutex
	var all []int64
	var sum uint64
	var begunCPU, begun int64
	var group sync.WaitGroup
	for range streams {
		group.Go(func() {
			var took []int64
			var own uint64
			must(p.stream(func(piece string) {
				if piece == "" {
					return
				}
				now := clockNs()
				if len(took) == 0 {
					lock.Lock()
					if begun == 0 {
						begun, begunCPU = now, cpuNs()
					}
					lock.Unlock()
				}
				if len(piece) != stamp {
					must(errors.New("a piece is no stamp"))
				}
				moment, err := strconv.ParseInt(piece, 10, 64)
				must(err)
				took = append(took, now-moment)
				own += uint64(moment)
			}))
			lock.Lock()
			all = append(all, took...)
			sum += own
			lock.Unlock()
		})
	}
	group.Wait()
	return map[string]any{"events": len(all), "sum": sum, "cpu_ns": cpuNs() - begunCPU, "wall_ns": clockNs() - begun,
		"peak_kb": residentKb("VmHWM:"), "latency_ns": points(all)}
}

func main() {
	which, work, url, out := os.Args[1], os.Args[2], os.Args[3], os.Args[5]
	count, err := strconv.Atoi(os.Args[4])
	must(err)
	var p peer
	if which == "official" {
		p = official{openai.NewClient(option.WithBaseURL(url), option.WithAPIKey("key"), option.WithMaxRetries(0))}
	} else {
		config := sashabaranov.DefaultConfig("key")
		config.BaseURL = url
		p = most{sashabaranov.NewClientWithConfig(config)}
	}
	var result map[string]any
	switch work {
	case "flood":
		result = flood(p, out)
	case "unary":
		result = unary(p, count, out)
	default:
		result = paced(p, count)
	}
	must(json.NewEncoder(os.Stdout).Encode(result))
}

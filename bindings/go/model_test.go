package hyperbolic

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// Against llama-server with a small real model, which the stage go-model starts.

func realModel(t *testing.T) string {
	t.Helper()
	model := os.Getenv("HB_TEST_MODEL")
	if model == "" {
		t.Skip("HB_TEST_MODEL is not set: `tests/run --only go-model` starts a model")
	}
	return model
}

func TestRealModelAnswers(t *testing.T) {
	client := newClient(t, Options{})
	request := Ask(realModel(t), "Write one sentence about the sea. 海について 🙂")
	request.MaxTokens = 40
	request.Temperature = Ptr(0.0)
	var text strings.Builder
	for event, err := range client.Stream(within(t), request) {
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(event.Text)
		if event.Kind == EventDone {
			want(t, "the text", text.String(), event.Response.Text())
			if event.Response.Usage.CompletionTokens < 5 || text.Len() < 10 {
				t.Errorf("%d tokens: %q", event.Response.Usage.CompletionTokens, text.String())
			}
		}
	}
}

func TestRealModelStops(t *testing.T) {
	client := newClient(t, Options{})
	// More than the model writes until it is stopped; by itself it could not end.
	request := Ask(realModel(t), "Write a very long story about a robot.")
	request.MaxTokens = 1500
	request.Extra = map[string]any{"ignore_eos": true}
	log := os.Getenv("HB_TEST_SERVER_LOG")
	before, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	for event, err := range client.Stream(ctx, request) {
		if event.Kind == EventText {
			cancel()
		}
		if event.Kind == EventDone {
			wantIs(t, err, context.Canceled)
			if event.Response.Text() == "" {
				t.Error("what had arrived is lost")
			}
		}
	}
	eventually(t, "the server has noticed, and stopped", func() bool {
		now, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		_, behind, noticed := bytes.Cut(now[len(before):], []byte("cancel task, id_task = "))
		return noticed && bytes.Contains(behind, []byte("stop processing: n_tokens = "))
	})
}

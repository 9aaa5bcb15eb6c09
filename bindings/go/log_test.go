package hyperbolic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLog(t *testing.T) {
	var written bytes.Buffer
	options := faults("status=503,times=1,header=retry-after-ms:1")
	options.Logger = slog.New(slog.NewJSONHandler(&written, &slog.HandlerOptions{Level: LevelTrace}))
	client := newClient(t, options)
	const secret = "a question that nobody else should see"
	if _, err := client.Chat(within(t), Ask(testModel, secret)); err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
	text := written.String()
	counts := map[string]int{}
	for line := range strings.Lines(text) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		event, _ := record["msg"].(string)
		counts[event]++
		if event == "done" {
			want(t, "level", record["level"], any("INFO"))
			want(t, "status", record["status"], any("ok"))
			want(t, "attempts", record["attempts"], any(2.0))
			at, err := time.Parse(time.RFC3339Nano, record["time"].(string))
			if err != nil || time.Since(at).Abs() > time.Minute {
				t.Errorf("the time of a record is %v", record["time"])
			}
		}
	}
	if counts["done"] != 1 || counts["retry"] != 1 || counts["attempt"] != 2 || counts["unreadable"] != 0 || counts[""] != 0 {
		t.Errorf("%v in %s", counts, text)
	}
	if strings.Contains(text, string(testKey)) || strings.Contains(text, secret) {
		t.Error("the log tells what it should not")
	}

	// A handler may use the client, and even close it.
	handler := &busyHandler{Handler: slog.NewTextHandler(io.Discard, nil)}
	client = newClient(t, Options{BaseURL: serverURL, APIKey: testKey, Logger: slog.New(handler)})
	handler.run = func() { _ = client.Stats(); _ = client.Close() }
	if _, err := client.Chat(within(t), Ask(testModel, "?")); err != nil {
		wantIs(t, err, ErrCancelled)
	}
	want(t, "the handler ran", handler.ran, true)
}

type busyHandler struct {
	slog.Handler
	run func()
	ran bool
}

func (h *busyHandler) Handle(context.Context, slog.Record) error {
	h.ran = true
	h.run()
	return nil
}

func TestKeyIsNotShown(t *testing.T) {
	options := Options{APIKey: "secret-word"}
	data, err := json.Marshal(map[string]any{"key": options.APIKey})
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "options", options, "key", options.APIKey)
	shown := []string{string(data), logged.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, options.APIKey), fmt.Sprintf(verb, options), fmt.Sprintf(verb, &options))
	}
	for _, text := range shown {
		if strings.Contains(text, "secret-word") || strings.Contains(text, fmt.Sprintf("%x", "secret-word")) {
			t.Errorf("%s shows the key", text)
		}
	}
}

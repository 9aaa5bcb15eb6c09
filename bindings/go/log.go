package hyperbolic

// #include <hyperbolic.h>
import "C"

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

// LevelTrace is the level of log records about single reads, below slog.LevelDebug.
const LevelTrace = slog.LevelDebug - 4

// logLevel is the library's level for what a logger wants to have.
func logLevel(logger *slog.Logger) C.uint32_t {
	if logger == nil {
		return C.HB_LOG_OFF
	}
	for _, level := range []C.uint32_t{C.HB_LOG_TRACE, C.HB_LOG_DEBUG, C.HB_LOG_INFO, C.HB_LOG_ERROR} {
		if logger.Enabled(context.Background(), slogLevel(level)) {
			return level
		}
	}
	return C.HB_LOG_OFF
}

func slogLevel(level C.uint32_t) slog.Level {
	switch level {
	case C.HB_LOG_ERROR:
		return slog.LevelError
	case C.HB_LOG_INFO:
		return slog.LevelInfo
	case C.HB_LOG_DEBUG:
		return slog.LevelDebug
	}
	return LevelTrace
}

// drainLog hands the records that wait to the logger, on the goroutine of a caller, so that a handler that is slow, or
// that uses the client itself, holds up nobody else. One goroutine at a time, which keeps their order; another one
// leaves its records to it.
func (c *Client) drainLog() {
	if c.logger == nil {
		return
	}
	c.logDue.Store(true)
	for c.logDue.Load() && c.logging.TryLock() {
		c.takeLog()
	}
}

func (c *Client) takeLog() {
	defer c.logging.Unlock() // also when the handler panics
	c.logDue.Store(false)
	for {
		record := C.hb_client_take_log(c.pointer)
		if record == nil {
			return
		}
		level, at := slogLevel(C.hb_log_level(record)), time.UnixMilli(int64(C.hb_log_time_ms(record)))
		var length C.size_t
		text := C.hb_log_json(record, &length)
		data := []byte(copied(text, length))
		C.hb_log_free(record)
		event, attributes := readLog(data)
		entry := slog.NewRecord(at, level, event, 0)
		entry.AddAttrs(attributes...)
		if c.logger.Enabled(context.Background(), level) {
			_ = c.logger.Handler().Handle(context.Background(), entry)
		}
	}
}

// readLog takes the members of a record in their order, but for what a record of slog has itself.
func readLog(data []byte) (event string, attributes []slog.Attr) {
	reader := json.NewDecoder(bytes.NewReader(data))
	reader.UseNumber()
	if _, err := reader.Token(); err != nil {
		return "unreadable", nil
	}
	for reader.More() {
		key, err := reader.Token()
		if err != nil {
			break
		}
		var value any
		if reader.Decode(&value) != nil {
			break
		}
		switch name, _ := key.(string); name {
		case "time_ms", "level":
		case "event":
			event, _ = value.(string)
		default:
			attributes = append(attributes, slog.Any(name, plain(value)))
		}
	}
	return event, attributes
}

// plain is a number as slog's handlers expect it.
func plain(value any) any {
	number, ok := value.(json.Number)
	if !ok {
		return value
	}
	if whole, err := number.Int64(); err == nil {
		return whole
	}
	part, _ := number.Float64()
	return part
}

package hyperbolic

// #include <hyperbolic.h>
import "C"

import (
	"encoding/json"
	"runtime"
	"strings"
	"unsafe"
)

// How memory crosses: what goes in is lent for the length of the call (the library copies it), what comes out is copied
// at once. So C keeps no Go pointer, and Go keeps no borrowed C pointer.

// lend gives C the bytes of a string.
func lend(text string) (*C.char, C.size_t) {
	if text == "" {
		return nil, 0
	}
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.size_t(len(text))
}

// lendBytes is lend for bytes.
func lendBytes(data []byte) (unsafe.Pointer, C.size_t) {
	if len(data) == 0 {
		return nil, 0
	}
	return unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data))
}

// identifier gives C a short text that ends at its NUL. One with a NUL in it would be cut there without a word, so it
// becomes one that the library refuses, since no identifier may have a control character.
func identifier(text string) *C.char {
	text = strings.ReplaceAll(text, "\x00", "\x01") + "\x00"
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text)))
}

// optionalIdentifier is nil for the empty text.
func optionalIdentifier(text string) *C.char {
	if text == "" {
		return nil
	}
	return identifier(text)
}

// copied is a text of the library's, of a length that it told.
func copied(text *C.char, length C.size_t) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(text)), int(length)))
}

func flag(on bool) C.int32_t {
	if on {
		return 1
	}
	return 0
}

// taken copies a text that the library made for us, and frees it.
func taken(text *C.hb_text) []byte {
	defer C.hb_text_free(text)
	var length C.size_t
	data := C.hb_text_data(text, &length)
	return []byte(copied(data, length))
}

// A handle holds an object of the library's, which is freed when nothing refers to the handle any more. Whoever calls C
// with the pointer keeps the handle alive until the call returns. There is one for each type, because cgo's types of
// opaque structs cannot be type arguments.

type responseHandle struct {
	pointer *C.hb_response
}

func adoptResponse(pointer *C.hb_response) *responseHandle {
	h := &responseHandle{pointer}
	runtime.AddCleanup(h, func(pointer *C.hb_response) { C.hb_response_free(pointer) }, pointer)
	return h
}

type conversationHandle struct {
	pointer *C.hb_conversation
}

func adoptConversation(pointer *C.hb_conversation) *conversationHandle {
	h := &conversationHandle{pointer}
	runtime.AddCleanup(h, func(pointer *C.hb_conversation) { C.hb_conversation_free(pointer) }, pointer)
	return h
}

// asJSON is a value as JSON. What is JSON already stays as it is written.
func asJSON(value any) (string, error) {
	switch value := value.(type) {
	case nil:
		return "", nil
	case json.RawMessage:
		return string(value), nil
	}
	data, err := json.Marshal(value)
	return string(data), err
}

// CloseJSON makes the beginning of a JSON object or array whole, so that an answer can be shown while it arrives: what
// is open is closed, and what has no value yet is left out. It answers "" where nothing has begun. What is whole stays
// as it is. It fails with [ErrInvalidArgument] if the text is not the beginning of an object or an array.
func CloseJSON(text string) (string, error) {
	var closed *C.hb_text
	var problem *C.hb_error
	data, length := lend(text)
	if data == nil {
		return "", nil
	}
	if status := C.hb_json_close(data, length, &closed, &problem); status != C.HB_OK {
		return "", takeError(status, problem)
	}
	return string(taken(closed)), nil
}

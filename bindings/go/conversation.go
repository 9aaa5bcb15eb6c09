package hyperbolic

// #include <hyperbolic.h>
import "C"

import (
	"runtime"
	"sync"
)

// A Conversation is what was said so far: a system prompt, a summary, messages with images and tool calls, and
// metadata of your own. The zero value is an empty one. It is safe for concurrent use. Do not copy it; see Clone.
//
// A call that fails changes nothing, except for Trim. While a tool call waits for its result, a request of the
// conversation is refused with the call's id.
type Conversation struct {
	mu     sync.Mutex
	handle *conversationHandle
}

// NewConversation makes one with a system prompt, or without if that is "". It panics if the prompt is not UTF-8.
func NewConversation(system string) *Conversation {
	c := &Conversation{}
	if err := c.SetSystem(system); err != nil {
		panic(err)
	}
	return c
}

// LoadConversation reads what Save wrote, wherever it has been since: it is believed nothing. What cannot be read is
// ErrBadData, whose Param is the place, such as messages[3].tool_calls[0].id.
func LoadConversation(saved []byte) (*Conversation, error) {
	loaded, err := load(saved)
	if err != nil {
		return nil, err
	}
	return &Conversation{handle: loaded}, nil
}

// use calls with the library's object, which is made when it is first needed. One caller at a time.
func (c *Conversation) use(with func(*C.hb_conversation)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.handle == nil {
		c.handle = adoptConversation(C.hb_conversation_new())
	}
	defer runtime.KeepAlive(c.handle)
	with(c.handle.pointer)
}

// change is use for what may fail.
func (c *Conversation) change(with func(*C.hb_conversation, **C.hb_error) C.hb_status) (err error) {
	c.use(func(pointer *C.hb_conversation) {
		var problem *C.hb_error
		status := with(pointer, &problem)
		err = takeError(status, problem)
	})
	return err
}

// SetSystem sets the system prompt, which is sent first and is never trimmed; "" removes it.
func (c *Conversation) SetSystem(prompt string) error {
	text, length := lend(prompt)
	return c.change(func(to *C.hb_conversation, problem **C.hb_error) C.hb_status {
		return C.hb_conversation_set_system(to, text, length, problem)
	})
}

// SetSummary sets the summary of what was trimmed, which is sent behind the system prompt, in the same message; ""
// removes it.
func (c *Conversation) SetSummary(summary string) error {
	text, length := lend(summary)
	return c.change(func(to *C.hb_conversation, problem **C.hb_error) C.hb_status {
		return C.hb_conversation_set_summary(to, text, length, problem)
	})
}

// Add appends a message of the user or the assistant, with its images.
func (c *Conversation) Add(message Message) error {
	text, length := lend(message.Text)
	return c.change(func(to *C.hb_conversation, problem **C.hb_error) C.hb_status {
		before := C.hb_conversation_count(to)
		status := C.hb_conversation_add_message(to, identifier(message.Role), text, length, problem)
		for _, image := range message.Images {
			if status != C.HB_OK {
				break
			}
			if status = addImage(to, image, problem); status != C.HB_OK {
				C.hb_conversation_truncate(to, before, nil)
			}
		}
		return status
	})
}

func addImage(to *C.hb_conversation, image Image, problem **C.hb_error) C.hb_status {
	detail := optionalIdentifier(image.Detail)
	if len(image.Data) > 0 || image.URL == "" {
		data, length := lendBytes(image.Data)
		return C.hb_conversation_add_image(to, data, length, detail, problem)
	}
	url, length := lend(image.URL)
	return C.hb_conversation_add_image_url(to, url, length, detail, problem)
}

// AddResponse appends the first choice of an answer as it is: text, reasoning and tool calls. One that ended with an
// error is kept as far as it came; tool calls that cannot be run are left out.
func (c *Conversation) AddResponse(response *Response) error {
	return c.AddChoice(response, 0)
}

// AddChoice is AddResponse for another choice.
func (c *Conversation) AddChoice(response *Response, choice int) error {
	if response == nil || response.handle == nil {
		return invalid("response", "this is no response of a client")
	}
	if choice < 0 {
		return invalid("choice", "a choice is a number from 0")
	}
	defer runtime.KeepAlive(response.handle)
	return c.change(func(to *C.hb_conversation, problem **C.hb_error) C.hb_status {
		return C.hb_conversation_add_response(to, response.handle.pointer, index(choice), problem)
	})
}

// AddToolResult adds the result of a tool call, in any order and at any time: it goes behind the message of its call.
func (c *Conversation) AddToolResult(id, result string) error {
	text, length := lend(result)
	return c.change(func(to *C.hb_conversation, problem **C.hb_error) C.hb_status {
		return C.hb_conversation_add_tool_result(to, identifier(id), text, length, problem)
	})
}

// SetMetadata attaches something of your own to a message: it is saved and never sent. "" removes it.
func (c *Conversation) SetMetadata(message int, key, value string) error {
	text, length := lend(value)
	return c.change(func(to *C.hb_conversation, problem **C.hb_error) C.hb_status {
		return C.hb_conversation_set_metadata(to, index(message), identifier(key), text, length, problem)
	})
}

// Truncate leaves the first count messages and drops those behind: undo.
func (c *Conversation) Truncate(count int) error {
	return c.change(func(to *C.hb_conversation, problem **C.hb_error) C.hb_status {
		return C.hb_conversation_truncate(to, index(count), problem)
	})
}

// Trim drops what was said first, whole exchanges at a time, until about maxTokens are left, and says how many messages
// went: the indexes of the others have moved down by so many. If what must stay (system prompt, summary, the last
// exchange, waiting tool calls) is longer, it drops all else and fails with ErrInvalidArgument.
func (c *Conversation) Trim(maxTokens int64) (dropped int, err error) {
	var count C.uint32_t
	err = c.change(func(to *C.hb_conversation, problem **C.hb_error) C.hb_status {
		return C.hb_conversation_trim(to, C.int64_t(maxTokens), &count, problem)
	})
	return int(count), err
}

// Clone copies a conversation, to go on in two ways. It is cheap: messages are shared.
func (c *Conversation) Clone() *Conversation {
	clone := &Conversation{}
	c.use(func(from *C.hb_conversation) { clone.handle = adoptConversation(C.hb_conversation_clone(from)) })
	return clone
}

// What to leave out of a saved conversation.
const (
	SaveNoSystem SaveFlags = C.HB_SAVE_NO_SYSTEM // the system prompt
	SaveNoImages SaveFlags = C.HB_SAVE_NO_IMAGES // images
)

// SaveFlags are what Save leaves out, combined by |; 0 is nothing.
type SaveFlags uint32

// Save writes a conversation as JSON that this and every later version reads. The same conversation is the same bytes.
// Metadata and open tool calls are in it; no key, and no server's address.
func (c *Conversation) Save(flags SaveFlags) ([]byte, error) {
	var saved *C.hb_text
	err := c.change(func(from *C.hb_conversation, problem **C.hb_error) C.hb_status {
		return C.hb_conversation_save(from, C.uint32_t(flags), &saved, problem)
	})
	if err != nil {
		return nil, err
	}
	return taken(saved), nil
}

// MarshalJSON is Save without flags, for encoding/json.
func (c *Conversation) MarshalJSON() ([]byte, error) {
	return c.Save(0)
}

// UnmarshalJSON replaces the conversation by one that was saved; see LoadConversation. A null changes nothing.
func (c *Conversation) UnmarshalJSON(saved []byte) error {
	if string(saved) == "null" {
		return nil
	}
	loaded, err := load(saved)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handle = loaded
	return nil
}

func load(saved []byte) (*conversationHandle, error) {
	var loaded *C.hb_conversation
	var problem *C.hb_error
	text, length := lendBytes(saved)
	if status := C.hb_conversation_load((*C.char)(text), length, &loaded, &problem); status != C.HB_OK {
		return nil, takeError(status, problem)
	}
	return adoptConversation(loaded), nil
}

// index is a number as the library takes it: what no list has becomes an index that no list has.
func index(number int) C.uint32_t {
	if number < 0 || int64(number) > int64(^uint32(0)) {
		return ^C.uint32_t(0)
	}
	return C.uint32_t(number)
}

package hyperbolic

// #include <hyperbolic.h>
import "C"

import (
	"context"
	"runtime"
	"strconv"
)

// NanoUSD is an amount of money in 10^-9 US dollars.
type NanoUSD int64

// String is the amount in dollars, such as "$0.000123".
func (n NanoUSD) String() string { return dollars(int64(n), 1e9) }

// PicoUSD is an amount of money in 10^-12 US dollars, for prices of a token: 2,000,000 is 2 $ a million tokens.
type PicoUSD int64

// String is the amount in dollars.
func (p PicoUSD) String() string { return dollars(int64(p), 1e12) }

func dollars(amount int64, unit float64) string {
	if amount < 0 {
		return "unknown"
	}
	return "$" + strconv.FormatFloat(float64(amount)/unit, 'f', -1, 64)
}

// A Model is what is known of a model. What the source does not say is "", nil or -1.
type Model struct {
	// ID is what a request names the model by.
	ID string
	// Name is for people.
	Name string
	// Chat says whether the model takes chats, or text completions only.
	Chat *bool
	// Tools says whether it can call tools.
	Tools *bool
	// Images says whether it takes images.
	Images *bool
	// Context is how many tokens prompt and answer may have together.
	Context int64
	// InputPrice and OutputPrice are those of a token of a prompt and of an answer.
	InputPrice, OutputPrice PicoUSD
}

// A ModelList is what some source knows of models.
type ModelList struct {
	// Date is the day, as "YYYY-MM-DD", on which a catalogue was true; "" for the list of a server.
	Date string
	// Models are in the order of the source.
	Models []Model
}

// Find is the model with this id; nil if there is none.
func (l *ModelList) Find(id string) *Model {
	for i := range l.Models {
		if l.Models[i].ID == id {
			return &l.Models[i]
		}
	}
	return nil
}

// Catalog is the built-in list of Hyperbolic's models with contexts and prices. Nothing refuses a model that is not
// in it.
func Catalog() *ModelList {
	return readModels(C.hb_catalog())
}

// Models asks the server for its models. What it says goes into KnownModels, and costs are counted at its prices from
// then on. When the context ends, so does the request, at once.
func (c *Client) Models(ctx context.Context) (*ModelList, error) {
	k, err := c.begin(ctx, true, func(k *call, problem **C.hb_error) C.hb_status {
		return C.hb_start_models(c.pointer, c.queue, C.uint64_t(k.tag), &k.op, problem)
	})
	if err != nil {
		return nil, err
	}
	defer k.leave()
	if _, err = k.next(ctx); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(k.response)
	return readModels(C.hb_response_models(k.response.pointer)), nil
}

// KnownModels is what the client knows of models: the catalogue, under what the server said in the last Models. Nothing
// is sent.
func (c *Client) KnownModels() (*ModelList, error) {
	defer runtime.KeepAlive(c)
	var models *C.hb_model_list
	var problem *C.hb_error
	if status := C.hb_client_model_list(c.pointer, &models, &problem); status != C.HB_OK {
		return nil, takeError(status, problem)
	}
	defer C.hb_model_list_free(models)
	return readModels(models), nil
}

func readModels(from *C.hb_model_list) *ModelList {
	list := &ModelList{Date: C.GoString(C.hb_model_list_date(from))}
	for i := range C.hb_model_list_count(from) {
		list.Models = append(list.Models, Model{
			ID:          C.GoString(C.hb_model_list_id(from, i)),
			Name:        C.GoString(C.hb_model_list_name(from, i)),
			Chat:        known(C.hb_model_list_is_chat(from, i)),
			Tools:       known(C.hb_model_list_has_tools(from, i)),
			Images:      known(C.hb_model_list_has_images(from, i)),
			Context:     int64(C.hb_model_list_context(from, i)),
			InputPrice:  PicoUSD(C.hb_model_list_input_price_picousd(from, i)),
			OutputPrice: PicoUSD(C.hb_model_list_output_price_picousd(from, i)),
		})
	}
	return list
}

// known is an answer that may be "not said".
func known(answer C.int32_t) *bool {
	if answer < 0 {
		return nil
	}
	return Ptr(answer == 1)
}

/*
 * A client's view of models: the catalogue under what its server said last. The catalogue itself stays as it is.
 */
#include "check.h"

#define KNOWN "Qwen/QwQ-32B"
/* New things of a known model, a new model that is there twice, and one that nobody can ask for. */
#define TOLD                                                                                                       \
    "{\"data\":[{\"id\":\"house/new\",\"context_length\":100,\"supports_image_input\":true,\"owned_by\":\"house\"}," \
    "{\"id\":\"" KNOWN "\",\"input_price\":7,\"supports_tools\":true,\"supports_image_input\":null},"             \
    "{\"id\":\"\",\"input_price\":1},{\"input_price\":1},"                                                        \
    "{\"id\":\"house/new\",\"context_length\":200,\"input_price\":\"2\",\"output_price\":3}]}"

/* Where the model is, which must be there. */
static uint32_t place(const hb_model_list *models, const char *id) {
    int64_t found = hb_model_list_find(models, id, HB_NUL);
    check(found >= 0, "the model is there", "%s is not", id);
    return found < 0 ? UINT32_MAX : (uint32_t)found;
}

static hb_model_list *view_of(hb_client *client) {
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    check_ok("the view", hb_client_model_list(client, &models, &error), &error);
    return models;
}

/* Asks a server that answers with this body; without one, as it does by itself. The list is to be freed. */
static hb_model_list *learn(hb_client *client, const char *body) {
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    if (body != NULL) {
        char *bytes = encoded(body), *script = (char *)memory(strlen(bytes) + sizeof "body=");
        sprintf(script, "body=%s", bytes);
        faults(script);
        free(script);
        free(bytes);
    }
    check_ok("the server's list", hb_models(client, &models, &error), &error);
    faults("");
    return models;
}

/* Two lists say the same of each model. */
static void check_same(const char *name, const hb_model_list *one, const hb_model_list *other) {
    uint32_t i, same = 0, count = hb_model_list_count(one);
    for (i = 0; i < count; i++) {
        const char *id = hb_model_list_id(one, i);
        same += hb_model_list_find(one, id, HB_NUL) == (int64_t)i && strcmp(hb_model_list_id(other, i), id) == 0
                && strcmp(hb_model_list_name(one, i), hb_model_list_name(other, i)) == 0
                && hb_model_list_context(one, i) == hb_model_list_context(other, i)
                && hb_model_list_input_price_picousd(one, i) == hb_model_list_input_price_picousd(other, i)
                && hb_model_list_output_price_picousd(one, i) == hb_model_list_output_price_picousd(other, i)
                && hb_model_list_is_chat(one, i) == hb_model_list_is_chat(other, i)
                && hb_model_list_has_tools(one, i) == hb_model_list_has_tools(other, i)
                && hb_model_list_has_images(one, i) == hb_model_list_has_images(other, i);
    }
    check(count > 0 && same == count && hb_model_list_count(other) == count, name, "%u of %u models are the same",
          (unsigned)same, (unsigned)count);
    check_text("and of the same day", hb_model_list_date(one), hb_model_list_date(other));
}

static void check_overlay(hb_client *client) {
    const hb_model_list *catalog = hb_catalog();
    hb_model_list *before = view_of(client), *told = learn(client, TOLD), *view = view_of(client);
    uint32_t known, own = place(catalog, KNOWN), count = hb_model_list_count(catalog);
    check_number("the server's list is as it came", hb_model_list_count(told), 5);
    check_number("the first of an id is found in it", hb_model_list_find(told, "house/new", HB_NUL), 0);
    check_number("one model more", hb_model_list_count(view), count + 1);
    known = place(view, KNOWN);
    check_number("a known model stays in its place", known, own);
    check_number("at the server's price", hb_model_list_input_price_picousd(view, known), 7000000);
    check_number("which goes no further than it was said", hb_model_list_output_price_picousd(view, known),
                 hb_model_list_output_price_picousd(catalog, own));
    check_number("with tools", hb_model_list_has_tools(view, known), 1);
    check_number("a null says nothing", hb_model_list_has_images(view, known), 0);
    check_number("its context is the catalogue's", hb_model_list_context(view, known),
                 hb_model_list_context(catalog, own));
    check_text("and so is its name", hb_model_list_name(view, known), hb_model_list_name(catalog, own));
    check_number("a new model is behind it", place(view, "house/new"), count);
    check_number("its first context counts", hb_model_list_context(view, count), 100);
    check_number("what was said the second time is added", hb_model_list_output_price_picousd(view, count), 3000000);
    check_number("it takes images", hb_model_list_has_images(view, count), 1);
    check_number("whether it has tools is not known", hb_model_list_has_tools(view, count), -1);
    check_same("a view that was taken before stays", before, catalog);
    check_number("the catalogue knows nothing of it", hb_model_list_find(catalog, "house/new", HB_NUL), -1);
    hb_model_list_free(told);
    hb_model_list_free(before);
    hb_model_list_free(view);
}

static void check_find(void) {
    const hb_model_list *catalog = hb_catalog();
    const char *id = hb_model_list_id(catalog, 1);
    check_number("an id by its length", hb_model_list_find(catalog, KNOWN "!", sizeof KNOWN - 1), place(catalog, KNOWN));
    check_number("another id", hb_model_list_find(catalog, "Qwen/QwQ-32", HB_NUL), -1);
    check_number("a longer one", hb_model_list_find(catalog, KNOWN, sizeof KNOWN), -1);
    check_number("none", hb_model_list_find(catalog, "", 0), -1);
    check_number("what is no text", hb_model_list_find(catalog, "\xff", HB_NUL), -1);
    check_number("one that begins another", hb_model_list_find(catalog, id, HB_NUL), 1);
    check_number("nothing behind the end", hb_model_list_has_tools(catalog, 4096), -1);
    check_number("nor images", hb_model_list_has_images(catalog, 4096), -1);
}

/* Asked over a queue: its only event is its end, and it is cancelled like any other request. */
static void check_started(hb_client *client) {
    hb_queue *queue = test_queue();
    hb_error *error = NULL;
    hb_op op = 0;
    const hb_event *event;
    hb_model_list *view;
    faults("body=%7B%22data%22%3A%5B%7B%22id%22%3A%22house%2Fasked%22%7D%5D%7D");
    check_ok("a list is asked for", hb_start_models(client, queue, 7, &op, &error), &error);
    event = next_event(queue);
    if (event != NULL) {
        check(event->kind == HB_EVENT_DONE && event->op == op && event->tag == 7, "one event, its own", "kind %u", event->kind);
        check_status("which is its end", event->status, HB_OK);
        check_number("with the list", hb_model_list_find(hb_response_models(event->response), "house/asked", HB_NUL), 0);
        check_text("and the body", hb_response_json(event->response, NULL), "{\"data\":[{\"id\":\"house/asked\"}]}");
        hb_event_free(event);
    }
    view = view_of(client);
    check(hb_model_list_find(view, "house/asked", HB_NUL) >= 0, "the client goes by it", "it does not");
    hb_model_list_free(view);

    faults("body=%7B%22data%22%3A1%7D");
    hb_start_models(client, queue, 0, NULL, NULL);
    event = next_event(queue);
    if (event != NULL) {
        check_status("one that cannot be read", event->status, HB_E_BAD_RESPONSE);
        check(hb_response_models(event->response) == NULL, "is none", "it is one");
        check_text("with its body", hb_error_body(event->error, NULL), "{\"data\":1}");
        hb_event_free(event);
    }
    faults("stall");
    control_only("POST", "/simulator/reset", "");
    faults("stall");
    hb_start_models(client, queue, 0, &op, NULL);
    check_number("the server is asked", wait_for_count("requests", 1), 1);
    hb_cancel(op);
    event = next_event(queue);
    if (event != NULL) check_status("a cancel", event->status, HB_E_CANCELLED);
    hb_event_free(event);
    check_number("which the server sees", wait_for_count("closes", 1), 1);
    faults("");
    check_status("no client", hb_start_models(NULL, queue, 0, &op, NULL), HB_E_INVALID_ARGUMENT);
    check_number("no op", (long long)op, 0);
    hb_queue_close(queue);
    check_status("a closed queue", hb_start_models(client, queue, 0, NULL, NULL), HB_E_CLOSED);
    hb_queue_free(queue);
}

int main(void) {
    hb_client *client = test_client(NULL), *other = test_client(NULL);
    hb_model_list *view;
    check_begin();
    check_find();
    view = view_of(client);
    check_same("a client begins with the catalogue", view, hb_catalog());
    hb_model_list_free(view);
    check_overlay(client);
    check_started(client);
    view = view_of(other);
    check_same("another client's view is its own", view, hb_catalog());
    hb_model_list_free(view);
    /* The server's own list has every model, and says of each whether it has tools. */
    hb_model_list_free(learn(client, NULL));
    view = view_of(client);
    check_number("what was said before last is forgotten", hb_model_list_find(view, "house/new", HB_NUL), -1);
    check_number("the last price counts", hb_model_list_input_price_picousd(view, place(view, KNOWN)),
                 hb_model_list_input_price_picousd(hb_catalog(), place(hb_catalog(), KNOWN)));
    check_number("a chat model has tools", hb_model_list_has_tools(view, place(view, MODEL)), 1);
    check_number("a base model has none", hb_model_list_has_tools(view, place(view, BASE_MODEL)), 0);
    check_number("the catalogue does not say so", hb_model_list_has_tools(hb_catalog(), place(hb_catalog(), MODEL)), -1);
    hb_client_free(client);
    check(hb_model_list_count(view) > 0 && place(view, MODEL) < 4096, "a view outlives its client", "it does not");
    hb_model_list_free(view);
    view = view_of(other);
    hb_client_close(other);
    hb_model_list_free(view);
    view = view_of(other);
    check_same("a closed client has its view", view, hb_catalog());
    hb_model_list_free(view);
    hb_model_list_free((hb_model_list *)(void *)(size_t)hb_catalog());
    check_number("the catalogue cannot be freed", hb_model_list_find(hb_catalog(), KNOWN, HB_NUL) >= 0, 1);
    hb_client_free(other);
    return check_end();
}

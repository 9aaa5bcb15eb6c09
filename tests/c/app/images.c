/*
 * Images: by their bytes and by URL, several in a message; and what is none.
 */
#include "check.h"

#define PNG "\x89PNG\r\n\x1a\n"
#define JPEG "\xff\xd8\xff\xe0"
#define WEBP "RIFF\x10\x20\x30\x40WEBPVP8 "
#define LARGEST 20971520

/* A model that no catalogue knows: whether it takes images, nobody can say, and nobody refuses. */
static hb_request *chat_of(const char *model) {
    hb_request *request = hb_request_new(model, HB_NUL);
    hb_request_add_message(request, "user", "What is this?", HB_NUL);
    return request;
}

static void are_sent(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = chat_of("some/vision-model");
    hb_error *error = NULL;
    char *body;
    check_status("a PNG", hb_request_add_image(request, PNG, HB_NUL, NULL), HB_OK);
    check_status("a JPEG", hb_request_add_image(request, JPEG, HB_NUL, "low"), HB_OK);
    check_status("a WebP", hb_request_add_image(request, WEBP, sizeof WEBP - 1, "high"), HB_OK);
    check_status("by URL", hb_request_add_image_url(request, "https://host/a.jpg", HB_NUL, "auto"), HB_OK);
    check_ok("the request is good", hb_request_check(request, &error), &error);
    faults("status=200,body=%7B%22choices%22:[%7B%22message%22:%7B%22content%22:%22a cat%22%7D%2C"
           "%22finish_reason%22:%22stop%22%7D]%7D");
    check_ok("sent", hb_chat(client, request, NULL, &error), &error);
    faults("");
    body = last_request();
    check_has("the text first", body, "[{\"text\":\"What is this?\",\"type\":\"text\"},{\"image_url\":");
    check_has("the PNG", body, "{\"image_url\":{\"url\":\"data:image/png;base64,iVBORw0KGgo=\"},\"type\":\"image_url\"}");
    check_has("the JPEG", body, "{\"detail\":\"low\",\"url\":\"data:image/jpeg;base64,/9j/4A==\"}");
    check_has("the WebP", body, "{\"detail\":\"high\",\"url\":\"data:image/webp;base64,UklGRhAgMEBXRUJQVlA4IA==\"}");
    check_has("the URL", body, "{\"detail\":\"auto\",\"url\":\"https://host/a.jpg\"}");
    free(body);
    hb_request_free(request);
    hb_client_free(client);
}

static void check_refused(const char *name, hb_request *request, hb_status status, const char *field, const char *words) {
    hb_error *error = NULL;
    check_status(name, status, HB_E_INVALID_ARGUMENT);
    check_status("the request remembers", hb_request_check(request, &error), HB_E_INVALID_ARGUMENT);
    check_text("which field", hb_error_param(error), field);
    check_has("what is wrong", hb_error_message(error, NULL), words);
    hb_error_free(error);
    hb_request_free(request);
}

static void are_refused(void) {
    char *large = (char *)memory(LARGEST + 1);
    hb_request *request = chat_of("m");
    memcpy(large, JPEG, 4);
    check_status("the largest", hb_request_add_image(request, large, LARGEST, NULL), HB_OK);
    check_refused("one byte more", request, hb_request_add_image(request, large, LARGEST + 1, NULL), "image",
                  "20971521 bytes; at most 20971520");
    free(large);
    request = chat_of("m");
    check_refused("a GIF", request, hb_request_add_image(request, "GIF89a", HB_NUL, NULL), "image", "JPEG, PNG or WebP");
    request = chat_of("m");
    check_refused("nothing", request, hb_request_add_image(request, NULL, 0, NULL), "image", "JPEG, PNG or WebP");
    request = chat_of("m");
    check_refused("a detail", request, hb_request_add_image(request, PNG, HB_NUL, "medium"), "detail", "medium");
    request = chat_of("m");
    check_refused("a file", request, hb_request_add_image_url(request, "file:///a", HB_NUL, NULL), "url", "https://");
    request = chat_of("m");
    check_refused("a space", request, hb_request_add_image_url(request, "https://a b", HB_NUL, NULL), "url", "byte 9");
    request = chat_of("m");
    hb_request_add_message(request, "assistant", "A cat.", HB_NUL);
    check_refused("the model's message", request, hb_request_add_image(request, PNG, HB_NUL, NULL), "image",
                  "the last one is the assistant's");
    request = hb_request_new("m", HB_NUL);
    check_refused("no message", request, hb_request_add_image(request, PNG, HB_NUL, NULL), "image", "there is none");
}

/* What the catalogue knows to take none is refused before anything is sent; what the server says goes before it. */
static void are_checked(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = chat_of(MODEL);
    hb_error *error = NULL;
    hb_model_list *models = NULL;
    long before = count_of("requests");
    hb_request_add_image(request, PNG, HB_NUL, NULL);
    check_status("a check says so", hb_request_check(request, &error), HB_E_INVALID_ARGUMENT);
    check_text("which field", hb_error_param(error), "image");
    check_has("which model", hb_error_message(error, NULL), MODEL);
    hb_error_free(error);
    check_status("it is not sent", hb_chat(client, request, NULL, NULL), HB_E_INVALID_ARGUMENT);
    check_number("no request", count_of("requests"), before);
    faults("body=%7B%22data%22:[%7B%22id%22:%22" MODEL "%22%2C%22supports_image_input%22:true%7D]%7D");
    check_ok("its server knows better", hb_models(client, &models, &error), &error);
    hb_model_list_free(models);
    faults("");
    check_ok("it is sent", hb_chat(client, request, NULL, &error), &error);
    hb_request_free(request);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    are_sent();
    are_checked();
    are_refused();
    return check_end();
}

/* Three characters talk at once while a game runs at 60 frames a second, and the player interrupts one of them. No
 * frame waits: threads of the library send and read, and the game takes what came when it has the time. */
#define _POSIX_C_SOURCE 200809L
#include <hyperbolic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHARACTERS = 3, BUDGET_US = 500, INTERRUPTED = 1, PATIENCE_FRAMES = 30, MOST_FRAMES = 60 * 60 * 10 };

static const char *const names[CHARACTERS] = {"Guard", "Merchant", "Bard"};
static const char *const prompts[CHARACTERS] = {
    "You guard a city gate. A stranger comes. Speak to him.",
    "You sell lamps. A stranger looks at one. Speak to him.",
    "You are a bard. Sing of a stranger who came to the city.",
};

struct character {
    hb_op op;
    char says[4096]; /* what its speech bubble shows */
    size_t len;
    int is_full;
};

struct game {
    struct character cast[CHARACTERS];
    int talking, failed;
    uint32_t frame, interrupt_at;
};

static uint32_t spent_us[MOST_FRAMES];

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A piece goes into the bubble until one does not fit: pieces are whole characters of UTF-8, so none is cut. */
static void say(struct character *who, const hb_event *event) {
    who->is_full |= event->text_len >= sizeof who->says - who->len;
    if (who->is_full) return;
    memcpy(who->says + who->len, event->text, event->text_len);
    who->len += event->text_len;
}

/* Runs inside hb_queue_dispatch, on the game's own thread: nothing here needs a lock. */
static int32_t HB_CALL on_event(const hb_event *event, void *context) {
    struct game *game = (struct game *)context;
    struct character *who = &game->cast[event->tag];
    if (event->kind == HB_EVENT_TEXT) {
        say(who, event);
        /* The player listens to him for half a second. */
        if (event->tag == INTERRUPTED && game->interrupt_at == 0) game->interrupt_at = game->frame + PATIENCE_FRAMES;
    } else if (event->kind == HB_EVENT_DONE) {
        printf("frame %" PRIu32 ", %s: %s%s\n", game->frame, names[event->tag], who->says,
               event->status == HB_E_CANCELLED ? " -- (interrupted)" : "");
        if (event->status != HB_OK && event->status != HB_E_CANCELLED) {
            fprintf(stderr, "%s: %s\n", hb_status_name(event->status), hb_error_message(event->error, NULL));
            game->failed = 1;
        }
        if (fflush(stdout) != 0) game->failed = 1;
        game->talking -= 1;
    }
    return HB_CONTINUE;
}

/* Begins to talk; returns at once, also without a network. */
static hb_status talk(hb_client *client, hb_queue *queue, struct game *game, int index, hb_error **error) {
    const char *model = getenv("HYPERBOLIC_MODEL");
    if (model == NULL || model[0] == '\0') model = "meta-llama/Llama-3.3-70B-Instruct";
    hb_request *request = hb_request_new(model, HB_NUL);
    hb_request_add_message(request, "user", prompts[index], HB_NUL);
    hb_request_set_max_tokens(request, 200);
    hb_status status = hb_start(client, request, queue, (uint64_t)index, &game->cast[index].op, error);
    if (status == HB_OK) game->talking += 1;
    hb_request_free(request);
    return status;
}

/* What the library had to do in this frame. A budget keeps a burst of events from costing a frame its time; what is
 * left over waits for the next frame. */
static hb_status take_events(hb_queue *queue, struct game *game) {
    int64_t begun = now_ns();
    hb_status status = hb_queue_dispatch(queue, on_event, game, 0, BUDGET_US, NULL);
    if (game->interrupt_at != 0 && game->frame == game->interrupt_at) hb_cancel(game->cast[INTERRUPTED].op);
    spent_us[game->frame] = (uint32_t)((now_ns() - begun) / 1000);
    return status;
}

static hb_status play(hb_queue *queue, struct game *game) {
    const int64_t frame_ns = 1000000000 / 60;
    int64_t next_frame = now_ns();
    while (game->talking > 0 && game->frame < MOST_FRAMES) {
        hb_status status = take_events(queue, game);
        if (status < 0) return status; /* above 0 nothing is wrong */
        game->frame += 1;
        /* Here the game moves and draws. */
        next_frame += frame_ns;
        int64_t left = next_frame - now_ns();
        struct timespec rest = {0, (long)(left > 0 ? left : 0)};
        nanosleep(&rest, NULL);
    }
    if (game->talking > 0) {
        fprintf(stderr, "they would talk for ever\n");
        game->failed = 1;
    }
    return HB_OK;
}

static int by_size(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void print_times(uint32_t frames) {
    if (frames == 0) return;
    qsort(spent_us, frames, sizeof *spent_us, by_size);
    printf("%" PRIu32 " frames; in the library and its callbacks, of 16667 us a frame: p50 %" PRIu32 " us, p99 %" PRIu32
           " us, worst %" PRIu32 " us\n",
           frames, spent_us[frames / 2], spent_us[(uint64_t)frames * 99 / 100], spent_us[frames - 1]);
}

int main(void) {
    static struct game game;
    hb_client *client = NULL;
    hb_queue *queue = NULL;
    hb_error *error = NULL;

    hb_options *options = hb_options_from_env();
    hb_status status = hb_client_new(options, &client, &error);
    hb_options_free(options);
    if (status == HB_OK) status = hb_queue_new(&queue, &error);
    int64_t begun = now_ns();
    for (int i = 0; status == HB_OK && i < CHARACTERS; i++) status = talk(client, queue, &game, i, &error);
    if (status == HB_OK) {
        printf("%d requests started in %" PRId64 " us\n", CHARACTERS, (now_ns() - begun) / 1000);
        status = play(queue, &game);
    }
    if (status == HB_OK) print_times(game.frame);
    else fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));

    /* In a game these lines are the end of a level, or of the game: whoever still talks is cut off, and none waits. */
    hb_error_free(error);
    hb_queue_free(queue);
    hb_client_free(client);
    return status == HB_OK && !game.failed && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

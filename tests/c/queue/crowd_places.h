/*
 * The queues and clients of a crowd, which come and go.
 *
 * A place holds a queue or a client until that is freed and another put there. Who uses it holds the place's lock for
 * reading, who frees it for writing; but a dispatch whose callback runs may give up its lock, because a free may come
 * then. What the threads tell each other is relaxed, so that it hides no race of the library's.
 */

#ifndef CROWD_PLACES_H
#define CROWD_PLACES_H

#include "self.h"
#include "ways.h"

enum { CROWD_THREADS = 8, CROWD_REQUESTS = 1500, MOST_OPEN = 128 };
enum { CLIENTS = 4, QUEUES = 8, HELD = 4, RECENT = 64, IDLE_MS = 200 };

#define GET(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)
#define SET(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELAXED)
/* The value before. */
#define ADD(place, value) __atomic_fetch_add(&(place), (value), __ATOMIC_RELAXED)

struct one {
    hb_op op;
    struct life *queue, *client;
    int accepted, dones;
    hb_status status;
};

/* A queue or a client from its making on. */
struct life {
    /* It was closed; it is being freed (1), or is (2). */
    int is_closed, is_freed;
    long accepted, dones;
    /* Calls of its hook, and those after its free. */
    long hooks, late;
    /* Of clients: those that send chats are closed and counted before they are freed, at the end; the others freed. */
    hb_client *client;
    int is_chat;
};

struct place {
    pthread_rwlock_t lock;
    hb_queue *queue;
    hb_client *client;
    struct life *life;
};

struct crowd {
    const struct way *way;
    long seed, requests, most_lives;
    struct one *ones;
    struct life *lives;
    struct place queues[QUEUES], clients[CLIENTS];
    hb_op recent[RECENT];
    long next, next_life, started, ended, dropped, refused, wrong;
    /* What happened how often, for the reader. */
    int64_t began;
    long turns, frees, closes, cancels, shutdowns;
};

/* One of the threads. */
struct member {
    struct crowd *crowd;
    pthread_t thread;
    uint64_t random;
    /* The request that it starts next; -1 if none is left. */
    long ticket;
    const hb_event *held[HELD];
};

static void wrong(struct crowd *crowd, const char *what, long which, long value) {
    if (ADD(crowd->wrong, 1) < 10) printf("# %s: %ld, %ld\n", what, which, value);
}

/* A number below `bound` (SplitMix64). */
static unsigned draw(struct member *self, unsigned bound) {
    uint64_t z = self->random += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (unsigned)((z ^ (z >> 31)) % bound);
}

/* ---- Queues and clients that come and go ---- */

/* Not for a queue whose free has returned. */
static void HB_CALL hook(void *context) {
    struct life *life = (struct life *)context;
    ADD(life->hooks, 1);
    if (GET(life->is_freed) == 2) ADD(life->late, 1);
}

static struct life *new_life(struct crowd *crowd) {
    long number = ADD(crowd->next_life, 1);
    return number < crowd->most_lives ? &crowd->lives[number] : NULL;
}

static void new_queue(struct place *place, struct life *life, int has_hook) {
    place->life = life;
    place->queue = test_queue();
    if (has_hook) hb_queue_set_wakeup(place->queue, hook, life);
}

/* The answers to its first requests stall; of the others, every tenth meets a fault. */
static void new_client(struct crowd *crowd, struct place *place, struct life *life, unsigned kind) {
    char script[128];
    snprintf(script, sizeof script, "stall-after=1,times=6;random=10,seed=%ld,%s",
             crowd->seed + (long)(life - crowd->lives), kind / 2 % 4 == 0 ? "words=3,event-delay=1" : "words=1");
    hb_options *options = options_for(crowd->way, script);
    hb_options_set_max_retries(options, 2);
    hb_options_set_idle_timeout_ms(options, IDLE_MS);
    place->client = client_of(options);
    life->is_chat = kind % 2 == 0;
    life->client = life->is_chat ? place->client : NULL;
    place->life = life;
}

/* The place is locked for writing. */
static void replace_queue(struct member *self, struct place *place) {
    struct crowd *crowd = self->crowd;
    struct life *life = new_life(crowd), *old = place->life;
    if (life == NULL) return;
    ADD(crowd->frees, 1);
    SET(old->is_closed, 1);
    SET(old->is_freed, 1);
    hb_queue_free(place->queue);
    SET(old->is_freed, 2);
    ADD(crowd->dropped, GET(old->accepted) - GET(old->dones));
    new_queue(place, life, draw(self, 2) == 0);
}

/* Of a client that nobody starts with any more. */
static void check_client(struct crowd *crowd, const struct life *life, const hb_client *client, int has_ended) {
    long requests = (long)hb_client_count(client, HB_COUNT_REQUESTS);
    long ended = (long)(hb_client_count(client, HB_COUNT_SUCCEEDED) + hb_client_count(client, HB_COUNT_FAILED)
                        + hb_client_count(client, HB_COUNT_CANCELLED));
    if (requests != GET(life->accepted)) wrong(crowd, "a client counted other requests", requests, life->accepted);
    if (has_ended && ended != requests) wrong(crowd, "requests of a closed client go on", requests, ended);
}

static void replace_client(struct member *self, struct place *place) {
    struct crowd *crowd = self->crowd;
    struct life *life = new_life(crowd);
    if (life == NULL) return;
    ADD(crowd->frees, 1);
    SET(place->life->is_closed, 1);
    if (place->life->is_chat) {
        hb_client_close(place->client);
        check_client(crowd, place->life, place->client, 1);
    } else {
        check_client(crowd, place->life, place->client, 0);
        hb_client_free(place->client);
    }
    new_client(crowd, place, life, draw(self, 8));
}

/* What is in use stays. */
static void replace(struct member *self, struct place *place, void (*by)(struct member *, struct place *)) {
    if (pthread_rwlock_trywrlock(&place->lock) != 0) return;
    by(self, place);
    pthread_rwlock_unlock(&place->lock);
}

#endif

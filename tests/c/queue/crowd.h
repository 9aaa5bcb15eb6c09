/*
 * Starts, cancels, wakes, closes, frees and shutdowns drawn at random by eight threads, which also take, while the
 * server fails now and then: each request that was accepted is taken as one DONE or dropped by the one free of its
 * queue, and clients and server have counted the same. HB_TEST_CROWD is how many requests, HB_TEST_SEED what is drawn
 * from.
 */

#ifndef CROWD_H
#define CROWD_H

#include "crowd_places.h"

/* ---- Starting ---- */

static hb_request *request_of(long number, int is_chat) {
    char user[32];
    snprintf(user, sizeof user, "crowd-%ld", number);
    hb_request *request = is_chat ? test_chat(user) : hb_request_new(BASE_MODEL, HB_NUL);
    if (!is_chat) hb_request_set_prompt(request, user, HB_NUL);
    hb_request_set_user(request, user, HB_NUL);
    return request;
}

/* Starts the next request in a queue whose place is locked. One that was refused is started again later. */
static void start(struct member *self, struct place *queue) {
    struct crowd *crowd = self->crowd;
    struct place *client = &crowd->clients[draw(self, CLIENTS)];
    if (self->ticket < 0) self->ticket = ADD(crowd->next, 1);
    if (self->ticket >= crowd->requests) return;
    struct one *one = &crowd->ones[self->ticket];
    pthread_rwlock_rdlock(&client->lock);
    hb_request *request = request_of(self->ticket, client->life->is_chat);
    one->queue = queue->life;
    one->client = client->life;
    hb_status status = hb_start(client->client, request, queue->queue, (uint64_t)self->ticket, &one->op, NULL);
    if (status == HB_OK) {
        SET(one->accepted, 1);
        ADD(queue->life->accepted, 1);
        ADD(client->life->accepted, 1);
        ADD(crowd->started, 1);
        SET(crowd->recent[self->ticket % RECENT], one->op);
        self->ticket = -1;
    } else if (status != HB_E_CLOSED || !(GET(queue->life->is_closed) || GET(client->life->is_closed))) {
        wrong(crowd, "a start was refused", self->ticket, status);
    } else {
        ADD(crowd->refused, 1);
    }
    pthread_rwlock_unlock(&client->lock);
    hb_request_free(request);
    if (status == HB_E_CLOSED) replace(self, client, replace_client);
}

static void cancel_some(struct member *self) {
    ADD(self->crowd->cancels, 1);
    hb_cancel(GET(self->crowd->recent[draw(self, RECENT)]));
}

/* ---- Taking ---- */

static int is_expected(hb_status status) {
    return status == HB_OK || status == HB_E_CANCELLED || status == HB_E_TRUNCATED || status == HB_E_SERVER
           || status == HB_E_DEADLINE || status == HB_E_RATE_LIMITED || status == HB_E_CONNECT;
}

static void book(struct crowd *crowd, const hb_event *event) {
    if (event->tag >= (uint64_t)crowd->requests) {
        wrong(crowd, "no such tag", (long)event->tag, event->kind);
        return;
    }
    struct one *one = &crowd->ones[event->tag];
    if (event->op != one->op) wrong(crowd, "an event of another number", (long)event->tag, (long)event->op);
    if (event->kind != HB_EVENT_DONE) return;
    one->status = event->status;
    if (ADD(one->dones, 1) != 0) wrong(crowd, "a second DONE", (long)event->tag, event->status);
    int agree = event->response != NULL && hb_response_status(event->response) == event->status;
    if (!is_expected(event->status) || !agree) {
        printf("# %s\n", hb_error_message(event->error, NULL));
        wrong(crowd, "a wrong end", (long)event->tag, event->status);
    }
    ADD(one->queue->dones, 1);
    ADD(crowd->ended, 1);
}

static void judge(struct crowd *crowd, const struct life *life, const char *what, hb_status status) {
    int good = status == HB_OK || status == HB_TIMEOUT || status == HB_WOKEN || status == HB_E_BUSY
               || (status == HB_E_CLOSED && GET(life->is_closed));
    if (!good) wrong(crowd, what, 0, status);
}

static void take(struct member *self, struct place *place, int32_t patience) {
    const hb_event *event = NULL, **held = &self->held[draw(self, HELD)];
    hb_status status = hb_queue_next(place->queue, patience, &event);
    judge(self->crowd, place->life, "hb_queue_next", status);
    if ((event != NULL) != (status == HB_OK)) wrong(self->crowd, "an event and its status", event != NULL, status);
    if (event == NULL) return;
    book(self->crowd, event);
    /* It stays valid for as long as one likes. */
    hb_event_free(*held);
    *held = event;
}

/* One dispatch. `place` is NULL once its lock is given up. */
struct turn {
    struct member *self;
    struct place *place;
};

static int32_t on_event(const hb_event *event, void *context) {
    struct turn *turn = (struct turn *)context;
    struct member *self = turn->self;
    struct place *place = turn->place;
    book(self->crowd, event);
    switch (draw(self, 24)) {
    case 0: return HB_STOP;
    case 1: return HB_RETURN;
    case 2: cancel_some(self); break;
    case 3:
        if (place != NULL) start(self, place);
        break;
    case 4:
        if (place != NULL) take(self, place, 0);
        break;
    case 5:
    case 6:
        /* From here on it may be freed, also by this. */
        if (place == NULL) break;
        turn->place = NULL;
        pthread_rwlock_unlock(&place->lock);
        if (draw(self, 32) == 0) replace(self, place, replace_queue);
        break;
    default: break;
    }
    return HB_CONTINUE;
}

static void dispatch(struct member *self, struct place *place) {
    struct turn turn = {self, place};
    struct life *life = place->life;
    judge(self->crowd, life, "hb_queue_dispatch",
          hb_queue_dispatch(place->queue, on_event, &turn, draw(self, 6), draw(self, 3) * 100, NULL));
    /* The caller gives it up. */
    if (turn.place == NULL) pthread_rwlock_rdlock(&place->lock);
}

/* ---- All together ---- */

/* One in `bound`. */
static int once_in(struct member *self, unsigned bound) {
    return draw(self, bound) == 0;
}

static void use_queue(struct member *self, struct place *place, int may_start) {
    struct crowd *crowd = self->crowd;
    pthread_rwlock_rdlock(&place->lock);
    if (may_start) start(self, place);
    /* Who may not start waits, mostly. */
    if (once_in(self, may_start ? 2 : 8)) dispatch(self, place);
    else take(self, place, (int32_t)draw(self, 8));
    if (once_in(self, 30)) hb_queue_wake(place->queue);
    if (once_in(self, 100)) hb_queue_set_wakeup(place->queue, once_in(self, 2) ? hook : NULL, place->life);
    if (once_in(self, 100)) {
        struct pollfd signal = {(int)hb_queue_native_handle(place->queue), POLLIN, 0};
        if (signal.fd < 0 || poll(&signal, 1, 0) < 0) wrong(crowd, "hb_queue_native_handle", signal.fd, errno);
    }
    if (may_start && once_in(self, 1000)) {
        ADD(crowd->closes, 1);
        SET(place->life->is_closed, 1);
        hb_queue_close(place->queue);
    }
    int is_closed = GET(place->life->is_closed);
    pthread_rwlock_unlock(&place->lock);
    if (is_closed && once_in(self, 8)) replace(self, place, replace_queue);
}

/* What ends requests is done as often as they are started, so that some come to their end. */
static void act(struct member *self) {
    struct crowd *crowd = self->crowd;
    struct place *client = &crowd->clients[draw(self, CLIENTS)];
    int may_start = GET(crowd->started) - GET(crowd->ended) - GET(crowd->dropped) < MOST_OPEN;
    ADD(crowd->turns, 1);
    use_queue(self, &crowd->queues[draw(self, QUEUES)], may_start);
    if (!may_start) return;
    if (once_in(self, 10)) cancel_some(self);
    if (once_in(self, 500)) replace(self, &crowd->queues[draw(self, QUEUES)], replace_queue);
    if (once_in(self, 500)) replace(self, client, replace_client);
    if (once_in(self, 1000)) {
        ADD(crowd->closes, 1);
        pthread_rwlock_rdlock(&client->lock);
        SET(client->life->is_closed, 1);
        hb_client_close(client->client);
        pthread_rwlock_unlock(&client->lock);
    }
    if (once_in(self, 1000)) {
        hb_status status = hb_shutdown(-1);
        ADD(crowd->shutdowns, 1);
        if (status != HB_OK) wrong(crowd, "hb_shutdown", 0, status);
    }
}

static void *crowd_thread(void *context) {
    struct member *self = (struct member *)context;
    int i;
    while (self->ticket < self->crowd->requests) act(self);
    for (i = 0; i < HELD; i++) hb_event_free(self->held[i]);
    return NULL;
}

static void crowd_begin(struct crowd *crowd, const struct way *way) {
    int i;
    memset(crowd, 0, sizeof *crowd);
    crowd->way = way;
    crowd->began = clock_ms();
    crowd->seed = seed_of_run();
    crowd->requests = number_in("HB_TEST_CROWD", CROWD_REQUESTS);
    crowd->most_lives = crowd->requests + QUEUES + CLIENTS;
    crowd->ones = (struct one *)memory((size_t)crowd->requests * sizeof *crowd->ones);
    crowd->lives = (struct life *)memory((size_t)crowd->most_lives * sizeof *crowd->lives);
    printf("# HB_TEST_SEED=%ld HB_TEST_CROWD=%ld\n", crowd->seed, crowd->requests);
    for (i = 0; i < QUEUES; i++) {
        pthread_rwlock_init(&crowd->queues[i].lock, NULL);
        new_queue(&crowd->queues[i], new_life(crowd), i % 2);
    }
    for (i = 0; i < CLIENTS; i++) {
        pthread_rwlock_init(&crowd->clients[i].lock, NULL);
        new_client(crowd, &crowd->clients[i], new_life(crowd), (unsigned)i);
    }
}

/* Closes what is left, and takes what waits. */
static void crowd_drain(struct crowd *crowd) {
    const hb_event *event = NULL;
    int i;
    for (i = 0; i < QUEUES; i++) {
        struct place *place = &crowd->queues[i];
        hb_status status = HB_WOKEN;
        hb_queue_close(place->queue);
        while (status == HB_OK || status == HB_WOKEN) {
            status = hb_queue_next(place->queue, PATIENCE_MS, &event);
            if (status == HB_OK) book(crowd, event);
            hb_event_free(event);
        }
        if (status != HB_E_CLOSED) wrong(crowd, "the end of a queue", i, status);
        hb_queue_free(place->queue);
        pthread_rwlock_destroy(&place->lock);
    }
    for (i = 0; i < CLIENTS; i++) {
        struct place *place = &crowd->clients[i];
        hb_client_close(place->client);
        check_client(crowd, place->life, place->client, 1);
        if (!place->life->is_chat) hb_client_free(place->client);
        pthread_rwlock_destroy(&place->lock);
    }
}

/* What became of each request. */
static void check_requests(struct crowd *crowd) {
    long i, lost = 0, twice = 0, dropped = 0, taken = 0, hooks = 0, late = 0;
    for (i = 0; i < crowd->requests; i++) {
        const struct one *one = &crowd->ones[i];
        taken += one->dones == 1;
        twice += one->dones > 1;
        if (one->accepted && one->dones == 0) {
            dropped += one->queue->is_freed != 0;
            lost += one->queue->is_freed == 0;
        }
    }
    check_number("every request was accepted in the end", crowd->started, crowd->requests);
    check_number("no DONE comes twice", twice, 0);
    check_number("none is lost but by the free of its queue", lost, 0);
    check_number("each was taken or dropped, once", taken + dropped, crowd->requests);
    for (i = 0; i < crowd->most_lives; i++) hooks += crowd->lives[i].hooks, late += crowd->lives[i].late;
    check_number("no hook is called for a queue that is gone", late, 0);
    check_number("nothing else was wrong", crowd->wrong, 0);
    printf("# %ld ms: %ld taken, %ld dropped, %ld refused\n", (long)(clock_ms() - crowd->began), taken, dropped,
           crowd->refused);
    printf("# %ld turns, %ld frees, %ld closes, %ld cancels, %ld shutdowns, %ld calls of hooks\n", crowd->turns,
           crowd->frees, crowd->closes, crowd->cancels, crowd->shutdowns, hooks);
}

/* What the clients of chats have counted, and what the server has, of them and in all. */
static void check_server(struct crowd *crowd) {
    static const uint32_t ends[] = {HB_COUNT_SUCCEEDED, HB_COUNT_FAILED, HB_COUNT_CANCELLED};
    long attempts = 0, counted_ends[3] = {0, 0, 0}, taken[3] = {0, 0, 0}, good = 0, i, end;
    free(control_at(crowd->way->control, "GET", "/simulator/wait?in_flight-at-most=0&timeout-ms=30000", ""));
    char *stats = control_at(crowd->way->control, "GET", "/simulator/stats", "");
    printf("# %s\n", stats);
    for (i = 0; i < crowd->most_lives; i++) {
        hb_client *client = crowd->lives[i].client;
        attempts += (long)hb_client_count(client, HB_COUNT_ATTEMPTS);
        for (end = 0; end < 3; end++) counted_ends[end] += (long)hb_client_count(client, ends[end]);
        hb_client_free(client);
    }
    for (i = 0; i < crowd->requests; i++) {
        const struct one *one = &crowd->ones[i];
        if (one->dones == 0) continue;
        good += one->status == HB_OK;
        if (one->client->is_chat) taken[one->status == HB_OK ? 0 : one->status == HB_E_CANCELLED ? 2 : 1] += 1;
    }
    printf("# of chats %ld were good, %ld failed, %ld were cancelled; %ld attempts\n", counted_ends[0],
           counted_ends[1], counted_ends[2], attempts);
    check(taken[0] <= counted_ends[0] && taken[1] <= counted_ends[1] && taken[2] <= counted_ends[2],
          "the clients have counted each end", "%ld of %ld good, %ld of %ld failed, %ld of %ld cancelled", taken[0],
          counted_ends[0], taken[1], counted_ends[1], taken[2], counted_ends[2]);
    long chats = counted(stats, "chat"), requests = counted(stats, "requests");
    /* What was cancelled may never have been sent, nor what shared its connection with another's fault. */
    check(chats <= attempts && (attempts - chats <= counted_ends[2] || crowd->way->is_tls),
          "the server saw each attempt", "%ld of %ld, %ld cancelled", chats, attempts, counted_ends[2]);
    check_number("each has ended at the server, once", counted(stats, "in_flight") + counted(stats, "finished")
                 + counted(stats, "closes") + counted(stats, "broken_off"), requests);
    check(counted(stats, "answered") >= good, "each whole answer is one that the server gave", "%ld of %ld", good,
          counted(stats, "answered"));
    /* An answer that the server has handed over is lost if another's fault then resets the connection. */
    if (!crowd->way->is_tls) check_number("none was answered twice", counted(stats, "answered_twice"), 0);
    free(stats);
}

static int crowd_over(const struct way *way) {
    static struct crowd crowd;
    static struct member members[CROWD_THREADS];
    int i;
    check_begin();
    alarm(HANG_SECONDS + (unsigned)number_in("HB_TEST_CROWD", CROWD_REQUESTS) / 100);
    /* The first use loads what stays. */
    hb_client *first = client_of(options_for(way, NULL));
    check_status("a first request", chat_once(first), HB_OK);
    hb_client_free(first);
    check_status("and a first end", hb_shutdown(-1), HB_OK);
    int threads_before = threads(), descriptors_before = descriptors();
    way_reset(way);

    crowd_begin(&crowd, way);
    for (i = 0; i < CROWD_THREADS; i++) {
        members[i].crowd = &crowd;
        members[i].ticket = -1;
        members[i].random = (uint64_t)crowd.seed * CROWD_THREADS + (uint64_t)i;
        if (pthread_create(&members[i].thread, NULL, crowd_thread, &members[i]) != 0) give_up("no threads");
    }
    for (i = 0; i < CROWD_THREADS; i++) pthread_join(members[i].thread, NULL);
    crowd_drain(&crowd);
    check_status("the end", hb_shutdown(-1), HB_OK);
    check_number("no thread is left", threads(), threads_before);
    check_number("and no descriptor", descriptors(), descriptors_before);
    check_requests(&crowd);
    check_server(&crowd);
    free(crowd.ones);
    free(crowd.lives);
    return check_end();
}

#endif

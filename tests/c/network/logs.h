/*
 * The records of a client's log, taken and searched.
 */

#ifndef LOGS_H
#define LOGS_H

#include "outcome.h"

/* The records that a client's log holds. */
struct records {
    int count, levels[HB_LOG_TRACE + 1];
    /* JSON of each, with a line break behind it. */
    char *json;
    /* Records that are not what they must be. */
    int odd;
    int64_t last_ms;
};

static const char *const LEVELS[] = {"off", "error", "info", "debug", "trace"};

/* Whether a record says the same in each of its forms: a word and values for people, members for programs. */
static inline int is_whole(const hb_log *log) {
    char member[64];
    size_t size = 0, json_size = 0;
    const char *message = hb_log_message(log, &size), *json = hb_log_json(log, &json_size);
    uint32_t level = hb_log_level(log);
    if (level <= HB_LOG_OFF || level > HB_LOG_TRACE || size == 0 || strlen(message) != size || strlen(json) != json_size
        || json[0] != '{' || json[json_size - 1] != '}') {
        return 0;
    }
    snprintf(member, sizeof member, "\"event\":\"%.*s\"", (int)strcspn(message, " "), message);
    if (!json_has(json, member)) return 0;
    snprintf(member, sizeof member, "\"level\":\"%s\"", LEVELS[level]);
    if (!json_has(json, member)) return 0;
    snprintf(member, sizeof member, "\"op\":%llu", (unsigned long long)hb_log_op(log));
    if (!json_has(json, member)) return 0;
    snprintf(member, sizeof member, "\"time_ms\":%lld", (long long)hb_log_time_ms(log));
    return json_has(json, member);
}

/* Takes all that wait, and adds them to `records`. */
static inline void take(struct records *records, hb_client *client) {
    hb_log *log;
    while ((log = hb_client_take_log(client)) != NULL) {
        size_t before = records->json == NULL ? 0 : strlen(records->json), size = strlen(hb_log_json(log, NULL));
        records->json = (char *)realloc(records->json, before + size + 2);
        if (records->json == NULL) give_up("no memory");
        snprintf(records->json + before, size + 2, "%s\n", hb_log_json(log, NULL));
        records->count += 1;
        if (hb_log_level(log) <= HB_LOG_TRACE) records->levels[hb_log_level(log)] += 1;
        /* The clock of the day may be set back meanwhile, but not by an hour. */
        if (!is_whole(log) || hb_log_time_ms(log) < records->last_ms - 3600000) {
            printf("# odd: %s\n", hb_log_json(log, NULL));
            records->odd += 1;
        }
        records->last_ms = hb_log_time_ms(log);
        hb_log_free(log);
    }
}

static inline void records_free(struct records *records) {
    free(records->json);
    memset(records, 0, sizeof *records);
}

/* How many records have all of these parts; NULL is none. */
static inline int with(const struct records *records, const char *part, const char *other) {
    const char *at = records->json, *end;
    int found = 0;
    while (at != NULL && *at != '\0' && (end = strchr(at, '\n')) != NULL) {
        const char *one = strstr(at, part), *two = other == NULL ? at : strstr(at, other);
        found += one != NULL && one < end && two != NULL && two < end;
        at = end + 1;
    }
    return found;
}

static inline hb_options *logging(uint32_t level, const char *script) {
    hb_options *options = test_options();
    hb_options_set_log_level(options, level);
    if (script != NULL) hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    return options;
}

#endif

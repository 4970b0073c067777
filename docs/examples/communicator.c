/* A whole communicator in C: store on disk, publish at QoS 1, delete when a receipt covers it.
 *
 * It stores one report a line from standard input (a JSON object without `v`, `model`, `epoch` and `seq`), publishes
 * what is stored and ends when all of it is covered. Needs libmosquitto.
 *
 *     cc -o communicator communicator.c -lmosquitto
 *     ./communicator HOST PORT SERIAL MODEL FOLDER < reports     (the password in COMMUNICATOR_PASSWORD)
 *
 * The folder holds `counter` (epoch, seq, highest published seq) and one file EPOCH-SEQ for each message.
 * Receipts are read by searching for their keys, since the tracker writes them without spaces; a product takes a JSON
 * library.
 */
#include <dirent.h>
#include <limits.h>
#include <mosquitto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { AGAIN_AFTER_S = 30, MOST_BYTES = 16384, MOST_STORED = 10000 };

static const char *serial, *model, *folder;
static long long epoch = 1, seq, published;
static bool ready;
static time_t connected_at, published_at;

static void path_of(char *path, const char *name) { snprintf(path, PATH_MAX, "%s/%s", folder, name); }

/* Write a file whole or not at all. */
static void write_file(const char *name, const char *text) {
    char path[PATH_MAX], fresh[PATH_MAX];
    path_of(path, name);
    path_of(fresh, "new");
    FILE *file = fopen(fresh, "w");
    if (file == NULL || fputs(text, file) < 0 || fflush(file) != 0 || fsync(fileno(file)) != 0 || fclose(file) != 0 ||
        rename(fresh, path) != 0) {
        perror(path);
        exit(1);
    }
}

static bool read_file(const char *name, char *text, size_t size) {
    char path[PATH_MAX];
    path_of(path, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) return false;
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
    return true;
}

static void write_counter(void) {
    char text[80];
    snprintf(text, sizeof text, "%lld %lld %lld", epoch, seq, published);
    write_file("counter", text);
}

static int by_number(const void *one, const void *other) {
    const long long *a = one, *b = other;
    int of_epoch = (a[0] > b[0]) - (a[0] < b[0]);
    return of_epoch != 0 ? of_epoch : (a[1] > b[1]) - (a[1] < b[1]);
}

/* The numbers of the stored messages, oldest first. */
static int list_stored(long long (*found)[2]) {
    int count = 0;
    DIR *opened = opendir(folder);
    for (struct dirent *entry; opened != NULL && count < MOST_STORED && (entry = readdir(opened)) != NULL;)
        if (sscanf(entry->d_name, "%lld-%lld", &found[count][0], &found[count][1]) == 2) count++;
    if (opened != NULL) closedir(opened);
    qsort(found, (size_t)count, sizeof found[0], by_number);
    return count;
}

/* Store a report under the next number. It is stored before it is counted, so no number is used twice. */
static void store(const char *report) {
    char name[48];
    snprintf(name, sizeof name, "%lld-%lld", epoch, seq + 1);
    write_file(name, report);
    seq++;
    write_counter();
}

static void publish_stored(struct mosquitto *client) {
    static long long found[MOST_STORED][2];
    char name[48], report[MOST_BYTES], message[MOST_BYTES + 256], topic[128];
    int count = list_stored(found);
    snprintf(topic, sizeof topic, "pumps/%s/telemetry", serial);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%lld-%lld", found[i][0], found[i][1]);
        if (!read_file(name, report, sizeof report)) continue;
        if (found[i][0] == epoch && found[i][1] > published) published = found[i][1];
        write_counter();
        int length = snprintf(message, sizeof message, "{\"v\":1,\"model\":\"%s\",\"epoch\":%lld,\"seq\":%lld,%s", model,
                              found[i][0], found[i][1], strchr(report, '{') + 1);
        mosquitto_publish(client, NULL, topic, length, message, 1, false);
    }
    published_at = time(NULL);
}

/* A receipt that covers more than this disk ever published: the disk is younger than the pump. Begin the next epoch. */
static void begin_epoch_after(long long its_epoch, long long contiguous) {
    static long long found[MOST_STORED][2];
    char name[48], path[PATH_MAX], report[MOST_BYTES];
    if (its_epoch < epoch || (its_epoch == epoch && contiguous <= published)) return;
    int count = list_stored(found);
    epoch = its_epoch + 1;
    seq = published = 0;
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%lld-%lld", found[i][0], found[i][1]);
        if (!read_file(name, report, sizeof report)) continue;
        store(report);
        path_of(path, name);
        unlink(path);
    }
    write_counter();
}

static void delete_covered(long long its_epoch, long long first, long long last) {
    static long long found[MOST_STORED][2];
    char name[48], path[PATH_MAX];
    int count = list_stored(found);
    for (int i = 0; i < count; i++) {
        if (found[i][0] != its_epoch || found[i][1] < first || found[i][1] > last) continue;
        snprintf(name, sizeof name, "%lld-%lld", found[i][0], found[i][1]);
        path_of(path, name);
        unlink(path);
    }
}

static long long number_after(const char *text, const char *key) {
    const char *at = strstr(text, key);
    return at == NULL ? -1 : strtoll(at + strlen(key), NULL, 10);
}

static void on_message(struct mosquitto *client, void *data, const struct mosquitto_message *message) {
    (void)client, (void)data;
    static char text[MOST_BYTES + 1];
    if (message->payloadlen <= 0 || message->payloadlen > MOST_BYTES) return;
    snprintf(text, sizeof text, "%.*s", message->payloadlen, (const char *)message->payload);
    long long its_epoch = number_after(text, "\"epoch\":"), contiguous = number_after(text, "\"contiguous\":");
    char *missing = strstr(text, "\"missing\":[");
    if (its_epoch < 1 || contiguous < 0 || missing == NULL) return;
    begin_epoch_after(its_epoch, contiguous);
    long long start = 1, first, last;
    for (char *range = strchr(missing, '[') + 1; sscanf(range, "[%lld,%lld]", &first, &last) == 2;) {
        delete_covered(its_epoch, start, first - 1);
        start = last + 1;
        range = strchr(range, ']') + 1;
        if (*range == ',') range++;
    }
    delete_covered(its_epoch, start, contiguous);
}

static void say_presence(struct mosquitto *client, bool online, bool as_will) {
    char topic[128], text[128], at[32];
    time_t now = time(NULL);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    snprintf(topic, sizeof topic, "pumps/%s/presence", serial);
    int length = snprintf(text, sizeof text, "{\"v\":1,\"online\":%s,\"at\":\"%s\"}", online ? "true" : "false", at);
    if (as_will) mosquitto_will_set(client, topic, length, text, 1, true);
    else mosquitto_publish(client, NULL, topic, length, text, 1, true);
}

static void on_connect(struct mosquitto *client, void *data, int reason) {
    (void)data;
    char topic[128];
    if (reason != 0) {
        fprintf(stderr, "sign-in refused: %s\n", mosquitto_connack_string(reason));
        return;
    }
    snprintf(topic, sizeof topic, "pumps/%s/receipt", serial);
    mosquitto_subscribe(client, NULL, topic, 0);
    say_presence(client, true, false);
    connected_at = time(NULL);
}

static void on_disconnect(struct mosquitto *client, void *data, int reason) {
    (void)client, (void)data, (void)reason;
    ready = false;
    connected_at = 0;
}

int main(int count, char **words) {
    static long long found[MOST_STORED][2];
    static char report[MOST_BYTES];
    if (count != 6) return fprintf(stderr, "communicator HOST PORT SERIAL MODEL FOLDER < reports\n"), 2;
    serial = words[3], model = words[4], folder = words[5];
    mkdir(folder, 0700);
    if (read_file("counter", report, sizeof report)) sscanf(report, "%lld %lld %lld", &epoch, &seq, &published);
    int waiting = list_stored(found); /* the newest may have been stored and not counted */
    if (waiting > 0 && found[waiting - 1][0] == epoch && found[waiting - 1][1] > seq) seq = found[waiting - 1][1];
    while (fgets(report, sizeof report, stdin) != NULL)
        if (strchr(report, '{') != NULL) store(report);

    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new(NULL, true, NULL);
    mosquitto_username_pw_set(client, serial, getenv("COMMUNICATOR_PASSWORD"));
    say_presence(client, false, true);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    mosquitto_message_callback_set(client, on_message);
    mosquitto_connect(client, words[1], atoi(words[2]), 60);
    int wait_s = 1;
    while (list_stored(found) > 0) {
        if (mosquitto_loop(client, 200, 1) != MOSQ_ERR_SUCCESS) {
            sleep((unsigned)wait_s);
            wait_s = wait_s < 60 ? 2 * wait_s : 60;
            mosquitto_reconnect(client);
        }
        /* A second after signing in for the retained receipt, which may begin another epoch. */
        if (connected_at != 0 && !ready && time(NULL) > connected_at + 1) {
            ready = true;
            wait_s = 1;
            publish_stored(client);
        } else if (ready && time(NULL) >= published_at + AGAIN_AFTER_S) {
            publish_stored(client);
        }
    }
    say_presence(client, false, false);
    mosquitto_loop(client, 200, 1);
    mosquitto_disconnect(client);
    mosquitto_destroy(client);
    mosquitto_lib_cleanup();
    return 0;
}

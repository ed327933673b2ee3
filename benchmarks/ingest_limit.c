/* The limit: a recorder that does what must be done and nothing else. Every TICK milliseconds each
 * socket is emptied by recvmmsg into one buffer, which one write appends to the source's file. A
 * thread makes every file durable each SYNC milliseconds, as the media engine does.
 *
 *     ingest_limit PORT SOURCES TICK_MS BUFFER_BYTES SYNC_MS FOLDER
 *
 * Source n is received at 127.0.0.1:PORT+n and written to FOLDER/<port>.ts, until SIGTERM. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DATAGRAM = 1316, SLOTS = 512 };

static volatile sig_atomic_t ended;
static char buffer[SLOTS * DATAGRAM];
static struct mmsghdr headers[SLOTS];
static struct iovec vectors[SLOTS];

static int sources;
static int *files;
static long sync_ms;

static void end(int number) { (void)number; ended = 1; }

static void fail(const char *what) { perror(what); exit(1); }

static int open_socket(int port, int bytes) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    int sock = socket(AF_INET, SOCK_DGRAM, 0);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes))
        setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (bind(sock, (struct sockaddr *)&name, sizeof name)) fail("bind");
    return sock;
}

static int open_file(const char *folder, int port) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%d.ts", folder, port);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0) fail(path);
    return file;
}

static void put(int file, size_t rest) {
    for (const char *from = buffer; rest;) {
        ssize_t count = write(file, from, rest);
        if (count < 0) fail("write");
        from += count;
        rest -= count;
    }
}

/* What lies in the slots need not be regular; here it is, so this is all that is asked. */
static size_t bytes_in(int count) {
    size_t bytes = 0;
    for (int i = 0; i < count; i++) bytes += headers[i].msg_len;
    return bytes;
}

static void drain(int sock, int file) {
    int count;
    do {
        count = recvmmsg(sock, headers, SLOTS, MSG_DONTWAIT | MSG_TRUNC, NULL);
        if (count > 0) put(file, bytes_in(count));
    } while (count == SLOTS);
}

static void *sync_all(void *unused) {
    (void)unused;
    while (!ended) {
        struct timespec pause = {sync_ms / 1000, sync_ms % 1000 * 1000000};
        nanosleep(&pause, NULL);
        for (int i = 0; i < sources; i++) sync_file_range(files[i], 0, 0, SYNC_FILE_RANGE_WRITE);
        for (int i = 0; i < sources; i++) fdatasync(files[i]);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    int port = atoi(argv[1]);
    long nanoseconds = (long)(atof(argv[3]) * 1e6);
    struct rlimit limit;
    pthread_t syncing;
    struct timespec due;
    sources = atoi(argv[2]);
    sync_ms = atol(argv[5]);
    int *socks = calloc(sources, sizeof *socks);
    files = calloc(sources, sizeof *files);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGTERM, end);
    for (int i = 0; i < SLOTS; i++) {
        vectors[i] = (struct iovec){buffer + i * DATAGRAM, DATAGRAM};
        headers[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    for (int i = 0; i < sources; i++) {
        socks[i] = open_socket(port + i, atoi(argv[4]));
        files[i] = open_file(argv[6], port + i);
    }
    if (pthread_create(&syncing, NULL, sync_all, NULL)) fail("pthread_create");
    clock_gettime(CLOCK_MONOTONIC, &due);
    for (int last = 0; !last;) {
        last = ended;
        for (int i = 0; i < sources; i++) drain(socks[i], files[i]);
        due.tv_nsec += nanoseconds;
        due.tv_sec += due.tv_nsec / 1000000000;
        due.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    }
    return 0;
}

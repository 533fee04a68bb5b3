/*
 * A load generator at the PKCS#11 level: it loads any PKCS#11 module, as a program would, and counts what the module
 * gets done. Nothing here knows what stands behind the module.
 *
 *   p11-bench MODULE PIN keys                                    makes the keys that the other calls sign with
 *   p11-bench MODULE PIN fill COUNT                              makes COUNT AES keys (token keys)
 *   p11-bench MODULE PIN info|ecdsa|rsa threads|processes N MS   runs N workers for MS milliseconds
 *
 * Prints one JSON object. Needs nothing but libc; the declarations below are the part of PKCS#11 v2.40 that it uses.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long ulong_t;
typedef unsigned char byte_t;

typedef struct { ulong_t type; void *parameter; ulong_t parameter_length; } mechanism_t;
typedef struct { ulong_t type; void *value; ulong_t length; } attribute_t;
typedef struct { void *create, *destroy, *lock, *unlock; ulong_t flags; void *reserved; } initialize_t;
typedef struct { ulong_t slot, state, flags, device_error; } session_info_t;

/* PKCS#11 v2.40 §5, in the order of CK_FUNCTION_LIST; what is not called is only counted. */
typedef struct {
  byte_t version[2];
  ulong_t (*initialize)(initialize_t *);
  ulong_t (*finalize)(void *);
  void *unused_1[2];
  ulong_t (*get_slot_list)(byte_t, ulong_t *, ulong_t *);
  void *unused_2[7];
  ulong_t (*open_session)(ulong_t, ulong_t, void *, void *, ulong_t *);
  void *unused_3[2];
  ulong_t (*get_session_info)(ulong_t, session_info_t *);
  void *unused_4[2];
  ulong_t (*login)(ulong_t, ulong_t, byte_t *, ulong_t);
  void *unused_5[7];
  ulong_t (*find_objects_init)(ulong_t, attribute_t *, ulong_t);
  ulong_t (*find_objects)(ulong_t, ulong_t *, ulong_t, ulong_t *);
  ulong_t (*find_objects_final)(ulong_t);
  void *unused_6[13];
  ulong_t (*sign_init)(ulong_t, mechanism_t *, ulong_t);
  ulong_t (*sign)(ulong_t, byte_t *, ulong_t, byte_t *, ulong_t *);
  void *unused_7[14];
  ulong_t (*generate_key)(ulong_t, mechanism_t *, attribute_t *, ulong_t, ulong_t *);
  ulong_t (*generate_key_pair)(ulong_t, mechanism_t *, attribute_t *, ulong_t, attribute_t *, ulong_t, ulong_t *,
                               ulong_t *);
} functions_t;

enum { CKF_RW_SESSION = 2, CKF_SERIAL_SESSION = 4, CKF_OS_LOCKING_OK = 2, CKU_USER = 1 };
enum { CKO_PRIVATE_KEY = 3, CKK_RSA = 0, CKK_EC = 3 };
enum { CKR_OK = 0, CKR_GENERAL_ERROR = 5, CKR_USER_ALREADY_LOGGED_IN = 0x100 };
enum { CKA_CLASS = 0, CKA_TOKEN = 1, CKA_PRIVATE = 2, CKA_LABEL = 3, CKA_KEY_TYPE = 0x100, CKA_SENSITIVE = 0x103 };
enum { CKA_ENCRYPT = 0x104, CKA_SIGN = 0x108, CKA_VERIFY = 0x10a, CKA_MODULUS_BITS = 0x121 };
enum { CKA_PUBLIC_EXPONENT = 0x122, CKA_VALUE_LEN = 0x161, CKA_EC_PARAMS = 0x180 };
enum { CKM_RSA_PKCS_KEY_PAIR_GEN = 0, CKM_RSA_PKCS = 1, CKM_EC_KEY_PAIR_GEN = 0x1040, CKM_ECDSA = 0x1041 };
enum { CKM_AES_KEY_GEN = 0x1080 };

enum { WORKERS_MAX = 64, SAMPLES_MAX = 1 << 18 };
enum { SLOTS_MAX = 16, SIGNATURE_MAX = 512, CONNECTIONS_TRIED_MAX = 50, LOGINS_TRIED_MAX = 50 };

typedef enum { INFO, ECDSA, RSA } operation_t;

typedef struct {
  uint64_t done, failed, longest_ns;
  ulong_t first_failure;
  uint32_t samples;
  uint32_t nanoseconds[SAMPLES_MAX];
} result_t;

/* Shared by all workers, processes included. */
typedef struct {
  _Atomic int ready, go;
  _Atomic uint64_t deadline_ns;
  result_t results[WORKERS_MAX];
} board_t;

static functions_t *p11;
static const char *pin, *module_path;
static operation_t operation;
static board_t *board;

static void fail(const char *what, ulong_t code) {
  fprintf(stderr, "p11-bench: %s: 0x%lx\n", what, code);
  _exit(1);
}

static void must(const char *what, ulong_t code) {
  if (code != CKR_OK) fail(what, code);
}

static uint64_t clock_ns(clockid_t which) {
  struct timespec now;
  clock_gettime(which, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void initialize(void) {
  initialize_t arguments = { .flags = CKF_OS_LOCKING_OK };
  must("C_Initialize", p11->initialize(&arguments));
}

static void load(void) {
  void *library = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
  ulong_t (*get_function_list)(functions_t **) = NULL;
  if (library != NULL) *(void **)&get_function_list = dlsym(library, "C_GetFunctionList");
  if (get_function_list == NULL) {
    fprintf(stderr, "p11-bench: %s\n", dlerror());
    _exit(1);
  }
  must("C_GetFunctionList", get_function_list(&p11));
  initialize();
  /* p11-kit's client says yes and shows no slot when the server had no time for it: many come at once. */
  ulong_t count = 0;
  for (int i = 0; i < CONNECTIONS_TRIED_MAX && count == 0; i++) {
    must("C_GetSlotList", p11->get_slot_list(1, NULL, &count));
    if (count > 0) return;
    p11->finalize(NULL);
    usleep(20000);
    initialize();
  }
}

static ulong_t open_session(void) {
  ulong_t slots[SLOTS_MAX], count = SLOTS_MAX, session;
  must("C_GetSlotList", p11->get_slot_list(1, slots, &count));
  if (count == 0) fail("no token is present", 0);
  must("C_OpenSession", p11->open_session(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
  ulong_t logged_in = p11->login(session, CKU_USER, (byte_t *)pin, strlen(pin));
  /* SoftHSM says CKR_GENERAL_ERROR when several processes log in at the same moment. */
  for (int i = 0; i < LOGINS_TRIED_MAX && logged_in == CKR_GENERAL_ERROR; i++) {
    usleep(20000);
    logged_in = p11->login(session, CKU_USER, (byte_t *)pin, strlen(pin));
  }
  if (logged_in != CKR_USER_ALREADY_LOGGED_IN) must("C_Login", logged_in);
  return session;
}

/* 0: there is none. */
static ulong_t find_private_key(ulong_t session, ulong_t type) {
  ulong_t class = CKO_PRIVATE_KEY, key = 0, count = 0;
  char label[] = "p11-bench";
  attribute_t wanted[] = { { CKA_CLASS, &class, sizeof class }, { CKA_KEY_TYPE, &type, sizeof type },
                           { CKA_LABEL, label, sizeof label - 1 } };
  must("C_FindObjectsInit", p11->find_objects_init(session, wanted, 3));
  must("C_FindObjects", p11->find_objects(session, &key, 1, &count));
  must("C_FindObjectsFinal", p11->find_objects_final(session));
  return count == 0 ? 0 : key;
}

static byte_t yes = 1;

static void make_pair(ulong_t session, ulong_t type) {
  byte_t p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 }, f4[] = { 1, 0, 1 };
  char label[] = "p11-bench";
  ulong_t bits = 2048, public_key, private_key;
  attribute_t curve = { CKA_EC_PARAMS, p256, sizeof p256 }, size = { CKA_MODULUS_BITS, &bits, sizeof bits };
  attribute_t for_public[] = { { CKA_TOKEN, &yes, 1 },
                               { CKA_VERIFY, &yes, 1 },
                               { CKA_LABEL, label, sizeof label - 1 },
                               type == CKK_EC ? curve : size,
                               { CKA_PUBLIC_EXPONENT, f4, sizeof f4 } };
  attribute_t for_private[] = { { CKA_TOKEN, &yes, 1 },
                                { CKA_PRIVATE, &yes, 1 },
                                { CKA_SENSITIVE, &yes, 1 },
                                { CKA_SIGN, &yes, 1 },
                                { CKA_LABEL, label, sizeof label - 1 } };
  mechanism_t how = { type == CKK_EC ? CKM_EC_KEY_PAIR_GEN : CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
  must("C_GenerateKeyPair", p11->generate_key_pair(session, &how, for_public, type == CKK_EC ? 4 : 5, for_private, 5,
                                                   &public_key, &private_key));
}

static void make_keys(void) {
  load();
  ulong_t session = open_session();
  if (find_private_key(session, CKK_EC) == 0) make_pair(session, CKK_EC);
  if (find_private_key(session, CKK_RSA) == 0) make_pair(session, CKK_RSA);
  p11->finalize(NULL);
  printf("{}\n");
}

static void fill(long count) {
  load();
  ulong_t session = open_session(), bytes = 32, key;
  char label[] = "filling";
  attribute_t attributes[] = { { CKA_TOKEN, &yes, 1 },
                               { CKA_ENCRYPT, &yes, 1 },
                               { CKA_VALUE_LEN, &bytes, sizeof bytes },
                               { CKA_LABEL, label, sizeof label - 1 } };
  mechanism_t how = { CKM_AES_KEY_GEN, NULL, 0 };
  uint64_t from = clock_ns(CLOCK_MONOTONIC);
  for (long i = 0; i < count; i++) must("C_GenerateKey", p11->generate_key(session, &how, attributes, 4, &key));
  double seconds = (double)(clock_ns(CLOCK_MONOTONIC) - from) / 1e9;
  p11->finalize(NULL);
  printf("{\"seconds\":%.6f}\n", seconds);
}

static ulong_t sign(ulong_t session, ulong_t key, ulong_t type, byte_t *message, ulong_t length) {
  byte_t signature[SIGNATURE_MAX];
  ulong_t room = sizeof signature;
  mechanism_t how = { type, NULL, 0 };
  ulong_t code = p11->sign_init(session, &how, key);
  return code == CKR_OK ? p11->sign(session, message, length, signature, &room) : code;
}

static ulong_t once(ulong_t session, ulong_t key, byte_t *message) {
  session_info_t info;
  switch (operation) {
    case INFO: return p11->get_session_info(session, &info);
    case ECDSA: return sign(session, key, CKM_ECDSA, message, 32);
    case RSA: return sign(session, key, CKM_RSA_PKCS, message, 51);
  }
  return 0;
}

/* A session of its own, then operation after operation until the deadline. */
static void work(result_t *result) {
  ulong_t session = open_session();
  ulong_t key = operation == INFO ? 0 : find_private_key(session, operation == ECDSA ? CKK_EC : CKK_RSA);
  if (operation != INFO && key == 0) fail("there is no key; call `keys` first", 0);
  byte_t message[51];
  memset(message, 0x5a, sizeof message);
  must("first operation", once(session, key, message));

  atomic_fetch_add(&board->ready, 1);
  while (atomic_load(&board->go) == 0) usleep(100);
  uint64_t deadline = atomic_load(&board->deadline_ns), from = clock_ns(CLOCK_MONOTONIC);
  while (from < deadline) {
    ulong_t code = once(session, key, message);
    uint64_t to = clock_ns(CLOCK_MONOTONIC), took = to - from;
    if (code == CKR_OK) {
      result->done++;
    } else {
      if (result->failed++ == 0) result->first_failure = code;
      usleep(1000);
      to = clock_ns(CLOCK_MONOTONIC);
    }
    if (took > result->longest_ns) result->longest_ns = took;
    result->nanoseconds[result->samples++ % SAMPLES_MAX] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
    from = to;
  }
}

static void *thread_main(void *argument) {
  work(argument);
  return NULL;
}

static void start_when_ready(int workers, long milliseconds) {
  while (atomic_load(&board->ready) < workers) {
    int status;
    if (waitpid(-1, &status, WNOHANG) > 0) exit(1);
    usleep(1000);
  }
  atomic_store(&board->deadline_ns, clock_ns(CLOCK_MONOTONIC) + (uint64_t)milliseconds * 1000000u);
  atomic_store(&board->go, 1);
}

static void run_threads(int workers, long milliseconds) {
  pthread_t threads[WORKERS_MAX];
  load();
  for (int i = 0; i < workers; i++) pthread_create(&threads[i], NULL, thread_main, &board->results[i]);
  start_when_ready(workers, milliseconds);
  for (int i = 0; i < workers; i++) pthread_join(threads[i], NULL);
  p11->finalize(NULL);
}

static void run_processes(int workers, long milliseconds) {
  for (int i = 0; i < workers; i++) {
    pid_t parent = getpid();
    if (fork() != 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    load();
    work(&board->results[i]);
    p11->finalize(NULL);
    _exit(0);
  }
  start_when_ready(workers, milliseconds);
  int status;
  while (waitpid(-1, &status, 0) > 0) if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) exit(1);
}

static int ascending(const void *one, const void *other) {
  uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
  return (a > b) - (a < b);
}

static uint64_t cpu_us(int who) {
  struct rusage usage;
  getrusage(who, &usage);
  return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void report(int workers, long milliseconds) {
  uint64_t done = 0, failed = 0, longest = 0;
  ulong_t first_failure = 0;
  size_t count = 0;
  uint32_t *all = malloc((size_t)workers * SAMPLES_MAX * sizeof *all);
  if (all == NULL) fail("out of memory", 0);
  for (int i = 0; i < workers; i++) {
    result_t *each = &board->results[i];
    uint32_t kept = each->samples < SAMPLES_MAX ? each->samples : SAMPLES_MAX;
    memcpy(all + count, each->nanoseconds, kept * sizeof *all);
    count += kept;
    done += each->done;
    failed += each->failed;
    if (first_failure == 0) first_failure = each->first_failure;
    if (each->longest_ns > longest) longest = each->longest_ns;
  }
  qsort(all, count, sizeof *all, ascending);
  double p50 = count == 0 ? 0 : all[count / 2] / 1e3, p99 = count == 0 ? 0 : all[count * 99 / 100] / 1e3;
  printf("{\"done\":%llu,\"failed\":%llu,\"firstFailure\":%lu,\"perSecond\":%.1f,\"p50Micros\":%.1f,\"p99Micros\":%.1f,"
         "\"longestMicros\":%.1f,\"cpuMicros\":%llu}\n",
         (unsigned long long)done, (unsigned long long)failed, first_failure, (double)done * 1e3 / (double)milliseconds,
         p50, p99, (double)longest / 1e3,
         (unsigned long long)(cpu_us(RUSAGE_SELF) + cpu_us(RUSAGE_CHILDREN)));
}

static int usage(void) {
  fprintf(stderr, "usage: p11-bench MODULE PIN keys | fill COUNT | info|ecdsa|rsa threads|processes WORKERS MILLIS\n");
  return 2;
}

int main(int argc, char **argv) {
  if (argc < 4) return usage();
  module_path = argv[1];
  pin = argv[2];
  const char *what = argv[3];
  signal(SIGPIPE, SIG_IGN);
  if (argc == 4 && strcmp(what, "keys") == 0) return make_keys(), 0;
  if (argc == 5 && strcmp(what, "fill") == 0) return fill(atol(argv[4])), 0;
  if (argc != 7) return usage();

  operation = strcmp(what, "info") == 0 ? INFO : strcmp(what, "ecdsa") == 0 ? ECDSA : RSA;
  int workers = atoi(argv[5]);
  long milliseconds = atol(argv[6]);
  if (workers < 1 || workers > WORKERS_MAX || milliseconds < 1) return usage();
  board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (board == MAP_FAILED) fail("mmap", (ulong_t)errno);
  if (strcmp(argv[4], "threads") == 0) run_threads(workers, milliseconds);
  else run_processes(workers, milliseconds);
  report(workers, milliseconds);
  return 0;
}

/*
 * Threads on one database file, with SQLite's amalgamation beside this: each inserts, one transaction a row, and reads back what it sees.
 * `sqlite FILE own` gives each thread its own connection, which SQLite's locks of the file serialise; `sqlite FILE shared` gives them one, which
 * its mutexes do.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sqlite3.h"

enum { THREADS = 64, ROWS = 12, BUSY_MS = 120000 };

static const char *file;
static sqlite3 *shared;

static void fail(sqlite3 *db, const char *what) {
  fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
  exit(1);
}

static void exec(sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) fail(db, sql);
}

static sqlite3 *open_it(void) {
  sqlite3 *db;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  if (sqlite3_open_v2(file, &db, flags, NULL) != SQLITE_OK) fail(db, file);
  sqlite3_busy_timeout(db, BUSY_MS);
  return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
  sqlite3_stmt *it;
  if (sqlite3_prepare_v2(db, sql, -1, &it, NULL) != SQLITE_OK) fail(db, sql);
  return it;
}

/* The number that a statement gives first, of a thread. */
static int64_t number_of(sqlite3 *db, sqlite3_stmt *it, int thread) {
  sqlite3_bind_int(it, 1, thread);
  if (sqlite3_step(it) != SQLITE_ROW) fail(db, sqlite3_sql(it));
  int64_t number = sqlite3_column_int64(it, 0);
  sqlite3_reset(it);
  return number;
}

static void *work(void *arg) {
  int me = (int)(long)arg;
  sqlite3 *db = shared ? shared : open_it();
  sqlite3_stmt *insert = prepare(db, "INSERT INTO t(thread, row, words) VALUES(?1, ?2, ?3)");
  sqlite3_stmt *count = prepare(db, "SELECT count(*) FROM t WHERE thread = ?1");
  for (int row = 0; row < ROWS; row++) {
    char words[64];
    snprintf(words, sizeof words, "row %d of thread %d", row, me);
    sqlite3_bind_int(insert, 1, me);
    sqlite3_bind_int(insert, 2, row);
    sqlite3_bind_text(insert, 3, words, -1, SQLITE_TRANSIENT);
    if (sqlite3_step(insert) != SQLITE_DONE) fail(db, "insert");
    sqlite3_reset(insert);
    if (number_of(db, count, me) != row + 1) fail(db, "a row of this thread is missing");
  }
  sqlite3_finalize(insert);
  sqlite3_finalize(count);
  if (!shared) sqlite3_close(db);
  return NULL;
}

static int show(void *arg, int n, char **values, char **names) {
  puts(values[0]);
  return 0;
}

int main(int argc, char **argv) {
  file = argv[1];
  sqlite3 *db = open_it();
  exec(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, thread INTEGER, row INTEGER, words TEXT, UNIQUE(thread, row))");
  if (strcmp(argv[2], "shared") == 0) shared = db;
  pthread_t threads[THREADS];
  for (long i = 0; i < THREADS; i++) {
    if (pthread_create(&threads[i], NULL, work, (void *)i) != 0) fail(db, "pthread_create");
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  const char *questions[] = {
      "SELECT count(*) || ' rows' FROM t",
      "SELECT count(*) || ' threads in order' FROM (SELECT thread FROM t GROUP BY thread HAVING count(*) = 12 AND sum(row) = 66)",
      "SELECT max(length(words)) FROM t",
      "PRAGMA integrity_check",
  };
  for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
    if (sqlite3_exec(db, questions[i], show, NULL, NULL) != SQLITE_OK) fail(db, questions[i]);
  }
  return sqlite3_close(db);
}

// C++: the library's containers, a static variable whose constructor runs once though all begin together, new and delete, threads and their
// variables, which end with them.
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <stdio.h>

namespace {

int made = 0;

struct Words {
  std::map<std::string, int> counts;
  Words() {
    made++;
    for (auto word : {"to", "be", "or", "not", "to", "be"}) counts[word]++;
  }
};

const Words &words() {
  static Words only;
  return only;
}

int lengths = 0;
std::mutex mutex;

struct Word {
  std::string text;
  ~Word() {
    std::lock_guard<std::mutex> guard(mutex);
    lengths += (int)text.size();
  }
};

thread_local Word word;

/** Whether each thread's own variable has ended with it. */
bool threads() {
  std::thread short_one([] { word.text = "be"; }), long_one([] { word.text = "question"; });
  short_one.join();
  long_one.join();
  return lengths == 10 && word.text.empty();
}

}  // namespace

extern "C" int count_words(char *first) {
  auto copy = std::make_unique<std::map<std::string, int>>(words().counts);
  snprintf(first, 16, "%s", copy->begin()->first.c_str());
  return made == 1 && threads() ? (int)copy->size() : -1;
}

// C++: the library's containers, a static variable whose constructor runs once though all begin together, new and delete.
#include <map>
#include <memory>
#include <string>

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

}  // namespace

extern "C" int count_words(char *first) {
  auto copy = std::make_unique<std::map<std::string, int>>(words().counts);
  snprintf(first, 16, "%s", copy->begin()->first.c_str());
  return made == 1 ? (int)copy->size() : -1;
}

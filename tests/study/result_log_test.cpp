// SPDX-License-Identifier: MIT
#include "study/result_log.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "study/tiny_study.hpp"
#include "support/catch.hpp"

using collapse_study::json;
using collapse_study::result_log;
using study_test::contents;
using study_test::temporary_folder;

namespace {

const json header{{"study", "test"}, {"rate", .1}, {"seeds", {0, 1}}};

json record(const std::string& run, double value) { return {{"run", run}, {"value", value}}; }

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream{file, std::ios::binary} << text;
}

}  // namespace

TEST_CASE("result log: records come back as they were written") {
  const temporary_folder folder;
  {
    result_log log{folder / "deep/er/results.jsonl", header};
    REQUIRE(log.resumed() == 0);
    log.append(record("b", .1));
    log.append(record("a", 1.0 / 3));
    log.append(record("n", std::nan("")));
  }
  result_log log{folder / "deep/er/results.jsonl", header};
  REQUIRE(log.resumed() == 3);
  REQUIRE(log.contains("a"));
  REQUIRE(!log.contains("c"));
  REQUIRE(log.at("a")["value"].get<double>() == 1.0 / 3);
  REQUIRE(log.at("n")["value"].is_null());
  REQUIRE_THROWS_AS(log.at("c"), std::out_of_range);
}

TEST_CASE("result log: the finished file depends on neither order nor interruption") {
  const std::vector<std::string> order{"a", "b", "c"};
  const temporary_folder folder;
  {
    result_log log{folder / "one", header};
    for (const char* run : {"c", "a", "b"}) log.append(record(run, .25));
    log.finish(order);
  }
  {
    result_log log{folder / "two", header};
    log.append(record("b", .25));
  }
  {
    result_log log{folder / "two", header};
    for (const char* run : {"c", "a"}) log.append(record(run, .25));
    log.finish(order);
  }
  REQUIRE(contents(folder / "one") == contents(folder / "two"));
  REQUIRE(contents(folder / "one").starts_with(header.dump() + "\n{\"run\":\"a\""));
  REQUIRE(!std::filesystem::exists(folder / "one.new"));
}

TEST_CASE("result log: cut off at any byte, it keeps the whole lines and takes the rest again") {
  const temporary_folder folder;
  const std::vector<std::string> order{"a", "b", "c"};
  {
    result_log log{folder / "whole", header};
    for (const std::string& run : order) log.append(record(run, .5));
    log.finish(order);
  }
  const std::string whole = contents(folder / "whole");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    write(folder / "cut", whole.substr(0, size));
    const auto lines =
        static_cast<std::size_t>(std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size), '\n'));
    result_log log{folder / "cut", header};
    REQUIRE(log.resumed() == (lines == 0 ? 0 : lines - 1));
    for (const std::string& run : order) {
      if (!log.contains(run)) log.append(record(run, .5));
    }
    log.finish(order);
    REQUIRE(contents(folder / "cut") == whole);
  }
}

TEST_CASE("result log: another study's file is refused, with the first difference, and left as it is") {
  const temporary_folder folder;
  { result_log log{folder / "results.jsonl", header}; }
  const std::string before = contents(folder / "results.jsonl");
  json other = header;
  other["rate"] = .2;
  REQUIRE_THROWS_WITH((result_log{folder / "results.jsonl", other}),
                      Catch::Matchers::Contains("holds another study: rate: expected 0.2, found 0.1"));
  other = header;
  other["more"] = 1;
  REQUIRE_THROWS_WITH((result_log{folder / "results.jsonl", other}),
                      Catch::Matchers::Contains("more: expected 1, found null"));
  REQUIRE(contents(folder / "results.jsonl") == before);
}

TEST_CASE("result log: what is no results file is refused and left as it is") {
  const temporary_folder folder;
  struct wrong {
    std::string text, message;
  };
  for (const auto& [text, message] :
       {wrong{"letter\n", "line 1: expected a header with a string \"study\", found letter"},
        wrong{"letter", "holds something else than a study's results"},
        wrong{header.dump() + "\n{\"run\":\"a\"}\nbroken\n{\"run\":\"b\"}\n",
              "line 3: expected a record with a string \"run\", found broken"},
        wrong{header.dump() + "\n{\"run\":7}\n",
              "line 2: expected a record with a string \"run\", found {\"run\":7}"}}) {
    write(folder / "file", text);
    REQUIRE_THROWS_WITH((result_log{folder / "file", header}), Catch::Matchers::Contains(message));
    REQUIRE(contents(folder / "file") == text);
  }
}

TEST_CASE("result log: two studies do not write into one folder") {
  const temporary_folder folder;
  const result_log log{folder / "results.jsonl", header};
  REQUIRE_THROWS_WITH((result_log{folder / "results.jsonl", header}),
                      Catch::Matchers::Contains("another study is writing here"));
}

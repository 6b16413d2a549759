// SPDX-License-Identifier: MIT
#include "toy_llm/real_data.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace toy_llm;

namespace {

class temporary_folder {
 public:
  temporary_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "dynamicpo-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
    path_ = pattern;
  }
  ~temporary_folder() { std::filesystem::remove_all(path_); }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream{path_ / name} << text;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What reading `text` complains about, after the file's name.
std::string complaint(const std::string& text) {
  const temporary_folder folder;
  const auto file = folder.write("rows.json", text);
  try {
    read_title_rows(file);
  } catch (const std::runtime_error& error) {
    const std::string message = error.what(), start = file.string() + ": ";
    REQUIRE(message.starts_with(start));
    return message.substr(start.size());
  }
  return "nothing";
}

const std::string good = R"({"historyList": "a::b: c", "itemList": ["x", "y", "z"], "trueSelection": "y"})";

std::string second_row(const std::string& row) { return "[" + good + ",\n" + row + "]"; }

// A row over letters: "abcd>e" has history a b c d and chosen e; its negatives are y and z.
title_row row_of(const std::string& letters) {
  title_row row{.history = {}, .chosen = letters.substr(letters.size() - 1), .negatives = {"y", "z"}};
  for (const char letter : letters.substr(0, letters.find('>'))) row.history.emplace_back(1, letter);
  return row;
}

std::vector<title_row> rows_of(std::initializer_list<const char*> rows) {
  std::vector<title_row> result;
  for (const char* row : rows) result.push_back(row_of(row));
  return result;
}

std::vector<std::string> letters(const dataset& data, const std::vector<ranking_row>& rows) {
  std::vector<std::string> result;
  for (const ranking_row& row : rows) {
    std::string& text = result.emplace_back();
    for (const item_id item : row.history) text += data.items.titles[static_cast<std::size_t>(item)];
    text += ">" + data.items.titles[static_cast<std::size_t>(row.chosen)];
  }
  return result;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a row is read as it is written") {
  const temporary_folder folder;
  const auto rows = read_title_rows(folder.write("rows.json", "[" + good + "]"));
  REQUIRE(rows.size() == 1);
  REQUIRE(rows[0].history == texts{"a", "b: c"});
  REQUIRE(rows[0].chosen == "y");
  REQUIRE(rows[0].negatives == texts{"x", "z"});
}

TEST_CASE("malformed rows say where, what was expected and what was found") {
  REQUIRE(complaint(second_row(R"("text")")) == "row 2: expected an object, found string");
  REQUIRE(complaint(second_row(R"({"itemList": ["x", "y"], "trueSelection": "y"})")) ==
          "row 2: historyList: expected this field, found none");
  REQUIRE(complaint(second_row(R"({"historyList": "a", "trueSelection": "y"})")) ==
          "row 2: itemList: expected this field, found none");
  REQUIRE(complaint(second_row(R"({"historyList": "a", "itemList": ["x", "y"]})")) ==
          "row 2: trueSelection: expected this field, found none");
  REQUIRE(complaint(second_row(R"({"historyList": ["a"], "itemList": ["x", "y"], "trueSelection": "y"})")) ==
          "row 2: historyList: expected a string, found array");
  REQUIRE(complaint(second_row(R"({"historyList": "a", "itemList": "x::y", "trueSelection": "y"})")) ==
          "row 2: itemList: expected an array of strings, found string");
  REQUIRE(complaint(second_row(R"({"historyList": "a", "itemList": ["x", 7], "trueSelection": "x"})")) ==
          "row 2: itemList: expected a string, found number");
  REQUIRE(complaint(second_row(R"({"historyList": "a", "itemList": ["x", "y"], "trueSelection": null})")) ==
          "row 2: trueSelection: expected a string, found null");
  REQUIRE(complaint(second_row(R"({"historyList": "a", "itemList": ["x", "y"], "trueSelection": "q"})")) ==
          "row 2: trueSelection: expected an item of itemList, found \"q\"");
  REQUIRE(complaint(second_row(R"({"historyList": "", "itemList": ["x", "y"], "trueSelection": "y"})")) ==
          "row 2: historyList: expected a title, found an empty string");
  REQUIRE(complaint(second_row(R"({"historyList": "a::", "itemList": ["x", "y"], "trueSelection": "y"})")) ==
          "row 2: historyList: expected titles between ::, found \"a::\"");
  REQUIRE(complaint(second_row(R"({"historyList": "a", "itemList": ["x", "y", "x"], "trueSelection": "y"})")) ==
          "row 2: itemList: expected distinct items, found \"x\" twice");
  REQUIRE(complaint(second_row(R"({"historyList": "a", "itemList": ["y"], "trueSelection": "y"})")) ==
          "row 2: itemList: expected at least one item besides trueSelection, found none");
}

TEST_CASE("files that hold no rows say so") {
  REQUIRE(complaint("[]") == "expected at least one row, found none");
  REQUIRE(complaint(good) == "expected an array of rows, found object");
  const std::string cut = complaint(second_row(R"({"historyList": "a")"));
  REQUIRE(cut.starts_with("expected JSON, found "));
  REQUIRE(cut.find("at line 2, column ") != std::string::npos);
  REQUIRE(complaint("").starts_with("expected JSON, found "));
  REQUIRE(complaint("[\"\xFF\"]").starts_with("expected JSON, found "));
  REQUIRE_THROWS_WITH(read_title_rows("no/such/file.json"),
                      "no/such/file.json: expected a file, found none that can be read");
  const temporary_folder folder;
  REQUIRE_THROWS_WITH(read_title_rows(folder.path()),
                      folder.path().string() + ": expected a file, found none that can be read");
}

TEST_CASE("evaluation rows that share four consecutive items with training rows are dropped") {
  const auto training = rows_of({"abcde>f", "mn>o"});
  const auto evaluation = rows_of({
      "abcde>f",  // the same row
      "xcde>f",   // the same four last items
      "qbcde>r",  // four items amid the history
      "xxde>f",   // three items: kept, and counted as an ending
      "abdce>f",  // another order: kept
      "mn>o",     // a short row, the same
      "mn>x",     // the same history alone: kept
  });
  const dataset data = make_dataset(training, evaluation, {.development_share = 0});
  REQUIRE(letters(data, data.train) == texts{"abcde>f", "mn>o"});
  REQUIRE(letters(data, data.evaluation) == texts{"xxde>f", "abdce>f", "mn>x"});
  REQUIRE(data.leaks.rows_to_train == 2);
  REQUIRE(data.leaks.rows_to_evaluate == 7);
  REQUIRE(data.leaks.same_row == 2);
  REQUIRE(data.leaks.same_window == 4);
  REQUIRE(data.leaks.dropped == 4);
  REQUIRE(data.leaks.same_ending == 1);

  const dataset all = make_dataset(training, evaluation, {.development_share = 0, .keep_leaking_rows = true});
  REQUIRE(letters(all, all.evaluation).size() == 7);
  REQUIRE(all.leaks.same_window == 4);
  REQUIRE(all.leaks.dropped == 0);
  REQUIRE(all.leaks.same_ending == 4);
}

TEST_CASE("rows become ids, tokens and supervised pairs") {
  const dataset data = make_dataset(rows_of({"cab>d", "ca>b"}), rows_of({"d>a"}), {.development_share = 0});
  REQUIRE(data.items.titles == texts{"a", "b", "c", "d", "y", "z"});
  REQUIRE(data.items.tokens.size() == 6);
  REQUIRE(data.items.vocabulary.size() == 258);
  REQUIRE(data.items.vocabulary[static_cast<std::size_t>(data.items.tokens[3][0])] == "d");
  REQUIRE(data.train[0].history == std::vector<item_id>{2, 0, 1});
  REQUIRE(data.train[0].chosen == 3);
  REQUIRE(data.train[0].negatives == std::vector<item_id>{4, 5});
  REQUIRE(data.supervised.size() == 2);  // ca>b once, cab>d
}

TEST_CASE("development rows are whole groups of leaking rows") {
  // Three windows of one user leak into each other, the outer two through the middle one; the others stand alone.
  const auto rows = rows_of({"abcd>e", "123>4", "cdef>g", "567>8", "efgh>i", "bcde>f", "ABC>D", "EFG>H", "defg>h"});
  std::set<texts> splits;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const dataset data = make_dataset(rows, rows_of({"x>y"}), {.development_share = .3, .seed = seed});
    REQUIRE(data.development.size() == 2);
    REQUIRE(data.train.size() == 7);
    const texts train = letters(data, data.train);
    for (const char* row : {"abcd>e", "cdef>g", "efgh>i", "bcde>f", "defg>h"}) {
      REQUIRE(std::count(train.begin(), train.end(), row) == 1);
    }
    splits.insert(train);
  }
  REQUIRE(splits.size() > 1);
  const dataset one = make_dataset(rows, rows_of({"x>y"}), {.development_share = .6, .seed = 3}),
                again = make_dataset(rows, rows_of({"x>y"}), {.development_share = .6, .seed = 3});
  REQUIRE(letters(one, one.development) == letters(again, again.development));

  const dataset small = make_dataset(rows, rows_of({"x>y"}), {.development_share = .9, .largest_group = 4});
  REQUIRE(small.development.size() == 4);
  REQUIRE_THROWS_WITH(
      make_dataset(rows_of({"abcd>e", "bcde>f", "cdef>g"}), rows_of({"x>y"}), {.development_share = .7}),
      "toy_llm::make_dataset: expected a group of at most 2 rows that leak into each other for development, found only "
      "larger ones");
}

TEST_CASE("a single file gives evaluation rows by groups too") {
  const auto rows =
      rows_of({"abcd>e", "bcde>f", "123>4", "567>8", "ABC>D", "EFG>H", "IJK>L", "MNO>P", "QRS>T", "UVW>X"});
  const dataset data = make_dataset(rows, {}, {.development_share = .1, .evaluation_share = .4});
  REQUIRE(data.development.size() == 1);
  REQUIRE(data.evaluation.size() == 4);
  REQUIRE(data.train.size() == 5);
  REQUIRE(data.leaks.same_window == 0);
  texts all;
  for (const auto* part : {&data.train, &data.development, &data.evaluation}) {
    const texts some = letters(data, *part);
    const bool one = std::count(some.begin(), some.end(), "abcd>e") == 1;
    REQUIRE(one == (std::count(some.begin(), some.end(), "bcde>f") == 1));
    all.insert(all.end(), some.begin(), some.end());
  }
  REQUIRE(std::set<std::string>(all.begin(), all.end()).size() == rows.size());
}

TEST_CASE("shares that leave nothing, and evaluation rows that all leak, say so") {
  const auto rows = rows_of({"abc>d", "123>4"});
  for (const double share : {-.1, 1., .9}) {
    REQUIRE_THROWS_AS(make_dataset(rows, {}, {.development_share = share}), std::invalid_argument);
  }
  try {
    make_dataset(rows, rows_of({"abc>d"}), {.development_share = 0});
    FAIL("expected an exception");
  } catch (const std::invalid_argument& error) {
    const std::string message = error.what();
    REQUIRE(message.find("expected rows to evaluate, found ") != std::string::npos);
    REQUIRE(message.find("1 of 1 evaluation rows dropped") != std::string::npos);
  }
}

TEST_CASE("a folder trains on *-val.json and evaluates on *-test.json") {
  const temporary_folder folder;
  const auto write = [&](const std::string& name, const std::string& history) {
    folder.write(name, R"([{"historyList": ")" + history + R"(", "itemList": ["x", "y"], "trueSelection": "y"}])");
  };
  const real_data_options options{.development_share = 0};
  REQUIRE_THROWS_WITH(read_dataset(folder.path(), options),
                      folder.path().string() + ": expected one file *-val.json, found 0");
  write("music-val.json", "a::b");
  REQUIRE_THROWS_WITH(read_dataset(folder.path(), options),
                      folder.path().string() + ": expected one file *-test.json, found 0");
  write("music-test.json", "b::c");
  const dataset data = read_dataset(folder.path(), options);
  REQUIRE(letters(data, data.train) == texts{"ab>y"});
  REQUIRE(letters(data, data.evaluation) == texts{"bc>y"});
  write("films-val.json", "a::b");
  REQUIRE_THROWS_WITH(read_dataset(folder.path(), options),
                      folder.path().string() + ": expected one file *-val.json, found 2");
}

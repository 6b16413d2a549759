// SPDX-License-Identifier: MIT
#include "toy_llm/real_data.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "toy_llm/shuffle.hpp"
#include "toy_llm/tokenizer.hpp"

namespace toy_llm {
namespace {

using nlohmann::json;

// What a row must hold; where that fails, an exception that says in which file and row.
class row_reader {
 public:
  row_reader(const std::filesystem::path& file, std::size_t row)
      : place_{file.string() + ": row " + std::to_string(row)} {}

  title_row read(const json& row) const {
    if (!row.is_object()) fail("", "an object", row.type_name());
    title_row read{.history = split(text("historyList", field(row, "historyList"))),
                   .chosen = text("trueSelection", field(row, "trueSelection")),
                   .negatives = {}};
    const json& candidates = field(row, "itemList");
    if (!candidates.is_array()) fail("itemList", "an array of strings", candidates.type_name());
    for (const json& candidate : candidates) read.negatives.push_back(text("itemList", candidate));
    check_distinct(read.negatives);
    if (std::erase(read.negatives, read.chosen) == 0) {
      fail("trueSelection", "an item of itemList", '"' + read.chosen + '"');
    }
    if (read.negatives.empty()) fail("itemList", "at least one item besides trueSelection", "none");
    return read;
  }

 private:
  [[noreturn]] void fail(const std::string& field, const std::string& expected, const std::string& found) const {
    throw std::runtime_error(place_ + (field.empty() ? "" : ": " + field) + ": expected " + expected + ", found " +
                             found);
  }

  const json& field(const json& row, const char* name) const {
    const auto found = row.find(name);
    if (found == row.end()) fail(name, "this field", "none");
    return *found;
  }

  std::string text(const std::string& field, const json& value) const {
    if (!value.is_string()) fail(field, "a string", value.type_name());
    if (value.get_ref<const std::string&>().empty()) fail(field, "a title", "an empty string");
    return value.get<std::string>();
  }

  std::vector<std::string> split(std::string_view list) const {
    constexpr std::string_view separator = "::";
    std::vector<std::string> titles;
    for (std::size_t first = 0, last = 0; last != std::string_view::npos; first = last + separator.size()) {
      last = list.find(separator, first);
      titles.emplace_back(list.substr(first, last - first));
      if (titles.back().empty()) fail("historyList", "titles between ::", '"' + std::string{list} + '"');
    }
    return titles;
  }

  void check_distinct(std::vector<std::string> titles) const {
    std::sort(titles.begin(), titles.end());
    const auto twice = std::adjacent_find(titles.begin(), titles.end());
    if (twice != titles.end()) fail("itemList", "distinct items", '"' + *twice + "\" twice");
  }

  std::string place_;
};

class title_index {
 public:
  void add(const std::vector<title_row>& rows) {
    for (const title_row& row : rows) {
      titles_.insert(row.history.begin(), row.history.end());
      titles_.insert(row.negatives.begin(), row.negatives.end());
      titles_.insert(row.chosen);
    }
  }

  catalogue tokenize(std::size_t vocabulary) const {
    catalogue items;
    items.titles.assign(titles_.begin(), titles_.end());
    const auto tokenizer = byte_pair_tokenizer::learn(items.titles, vocabulary);
    items.vocabulary = tokenizer.vocabulary();
    for (const std::string& title : items.titles) items.tokens.push_back(tokenizer.encode(title));
    return items;
  }

 private:
  std::set<std::string> titles_;
};

std::vector<ranking_row> rows_of_ids(const std::vector<std::string>& titles, const std::vector<title_row>& rows) {
  const auto id = [&](const std::string& title) {
    return static_cast<item_id>(std::lower_bound(titles.begin(), titles.end(), title) - titles.begin());
  };
  const auto ids = [&](const std::vector<std::string>& names) {
    std::vector<item_id> result(names.size());
    std::transform(names.begin(), names.end(), result.begin(), id);
    return result;
  };
  std::vector<ranking_row> result;
  for (const title_row& row : rows) {
    result.push_back({.history = ids(row.history), .chosen = id(row.chosen), .negatives = ids(row.negatives)});
  }
  return result;
}

using window = std::vector<item_id>;
constexpr std::size_t leaking_window = 4, ending_window = 3;

std::vector<window> windows(const ranking_row& row, std::size_t length) {
  const std::vector<item_id> items = sequence(row);
  length = std::min(length, items.size());
  std::vector<window> all;
  for (auto first = items.begin(); first + static_cast<std::ptrdiff_t>(length) <= items.end(); ++first) {
    all.emplace_back(first, first + static_cast<std::ptrdiff_t>(length));
  }
  return all;
}

class window_set {
 public:
  window_set(std::span<const ranking_row> rows, std::size_t length) {
    for (const ranking_row& row : rows) {
      for (window& items : windows(row, length)) seen_.insert(std::move(items));
    }
  }
  bool has(const window& items) const { return seen_.contains(items); }

 private:
  std::set<window> seen_;
};

// Groups of rows that leak into each other, directly or through others, in seeded order.
std::vector<std::vector<std::size_t>> leak_groups(std::span<const ranking_row> rows, std::uint64_t seed) {
  std::vector<std::size_t> parent(rows.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t row) {
    while (parent[row] != row) row = parent[row] = parent[parent[row]];
    return row;
  };
  std::map<window, std::size_t> first_with;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (window& items : windows(rows[row], leaking_window)) {
      parent[root(row)] = root(first_with.try_emplace(std::move(items), row).first->second);
    }
  }
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t row = 0; row < rows.size(); ++row) members[root(row)].push_back(row);

  std::vector<std::vector<std::size_t>> groups;
  for (auto& [first, group] : members) groups.push_back(std::move(group));
  std::vector<std::vector<std::size_t>> in_seeded_order;
  for (const std::size_t group : shuffled(groups.size(), seed, 0)) in_seeded_order.push_back(std::move(groups[group]));
  return in_seeded_order;
}

// Hands out rows by whole groups; what nobody takes is left to train on.
class group_split {
 public:
  group_split(std::vector<ranking_row> rows, const real_data_options& options)
      : rows_{std::move(rows)}, largest_{options.largest_group}, groups_{leak_groups(rows_, options.seed)} {}

  std::vector<ranking_row> take(double share, const std::string& part) {
    const auto wanted = static_cast<std::size_t>(share * static_cast<double>(rows_.size()));
    std::vector<std::size_t> taken;
    std::erase_if(groups_, [&](const std::vector<std::size_t>& group) {
      const bool fits = group.size() <= largest_ && taken.size() + group.size() <= wanted;
      if (fits) taken.insert(taken.end(), group.begin(), group.end());
      return fits;
    });
    if (taken.empty() && share > 0) {
      throw std::invalid_argument("toy_llm::make_dataset: expected a group of at most " +
                                  std::to_string(std::min(wanted, largest_)) + " rows that leak into each other for " +
                                  part + ", found only larger ones");
    }
    return in_order(std::move(taken));
  }

  std::vector<ranking_row> rest() const {
    std::vector<std::size_t> left;
    for (const auto& group : groups_) left.insert(left.end(), group.begin(), group.end());
    return in_order(std::move(left));
  }

 private:
  std::vector<ranking_row> in_order(std::vector<std::size_t> indices) const {
    std::sort(indices.begin(), indices.end());
    std::vector<ranking_row> result;
    for (const std::size_t row : indices) result.push_back(rows_[row]);
    return result;
  }

  std::vector<ranking_row> rows_;
  std::size_t largest_;
  std::vector<std::vector<std::size_t>> groups_;
};

// Drops leaking rows of `evaluation`, unless they are to stay.
leak_counts drop_leaks(std::span<const ranking_row> training, std::vector<ranking_row>& evaluation, bool keep) {
  leak_counts counts{.rows_to_train = training.size(), .rows_to_evaluate = evaluation.size()};
  std::set<std::vector<item_id>> sequences;
  for (const ranking_row& row : training) sequences.insert(sequence(row));
  const window_set leaking{training, leaking_window}, endings{training, ending_window};
  std::erase_if(evaluation, [&](const ranking_row& row) {
    const std::vector<window> own = windows(row, leaking_window);
    const bool leaks = std::any_of(own.begin(), own.end(), [&](const window& items) { return leaking.has(items); });
    const bool drop = leaks && !keep;
    counts.same_row += sequences.contains(sequence(row));
    counts.same_window += leaks;
    counts.dropped += drop;
    counts.same_ending += !drop && endings.has(windows(row, ending_window).back());
    return drop;
  });
  return counts;
}

std::filesystem::path only_file(const std::filesystem::path& folder, const std::string& ending) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().filename().string().ends_with(ending)) found.push_back(entry.path());
  }
  if (found.size() != 1) {
    throw std::runtime_error(folder.string() + ": expected one file *" + ending + ", found " +
                             std::to_string(found.size()));
  }
  return found.front();
}

}  // namespace

std::vector<title_row> read_title_rows(const std::filesystem::path& file) {
  std::ifstream input{file};
  if (!input || std::filesystem::is_directory(file)) {
    throw std::runtime_error(file.string() + ": expected a file, found none that can be read");
  }
  json rows;
  try {
    rows = json::parse(input);
  } catch (const json::exception& error) {
    throw std::runtime_error(file.string() + ": expected JSON, found " + error.what());
  }
  if (!rows.is_array()) {
    throw std::runtime_error(file.string() + ": expected an array of rows, found " + rows.type_name());
  }
  if (rows.empty()) throw std::runtime_error(file.string() + ": expected at least one row, found none");
  std::vector<title_row> result;
  for (const json& row : rows) result.push_back(row_reader{file, result.size() + 1}.read(row));
  return result;
}

dataset make_dataset(const std::vector<title_row>& to_train, const std::vector<title_row>& to_evaluate,
                     const real_data_options& options) {
  const double shares = options.development_share + (to_evaluate.empty() ? options.evaluation_share : 0.0);
  if (!(options.development_share >= 0 && options.evaluation_share >= 0 && shares < 1)) {
    throw std::invalid_argument(
        "toy_llm::make_dataset: expected shares of at least 0 that leave rows to train on, found " +
        std::to_string(options.development_share) + " for development and " + std::to_string(options.evaluation_share) +
        " for evaluation");
  }
  title_index titles;
  titles.add(to_train);
  titles.add(to_evaluate);
  dataset data;
  data.items = titles.tokenize(options.vocabulary);
  data.evaluation = rows_of_ids(data.items.titles, to_evaluate);
  group_split groups{rows_of_ids(data.items.titles, to_train), options};
  data.development = groups.take(options.development_share, "development");
  if (to_evaluate.empty()) data.evaluation = groups.take(options.evaluation_share, "evaluation");
  data.train = groups.rest();
  data.supervised = supervised_pairs(data.train, repeats::drop);

  std::vector<ranking_row> training = data.train;
  training.insert(training.end(), data.development.begin(), data.development.end());
  data.leaks = drop_leaks(training, data.evaluation, options.keep_leaking_rows);
  if (data.evaluation.empty()) {
    throw std::invalid_argument("toy_llm::make_dataset: expected rows to evaluate, found " + describe(data));
  }
  return data;
}

dataset read_dataset(const std::filesystem::path& path, const real_data_options& options) {
  if (!std::filesystem::is_directory(path)) return make_dataset(read_title_rows(path), {}, options);
  const auto training = only_file(path, "-val.json"), evaluation = only_file(path, "-test.json");
  return make_dataset(read_title_rows(training), read_title_rows(evaluation), options);
}

}  // namespace toy_llm

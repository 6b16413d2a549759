// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "toy_llm/dataset.hpp"

namespace toy_llm {

/// A row as it is written in a file.
struct title_row {
  std::vector<std::string> history;  ///< oldest first
  std::string chosen;
  std::vector<std::string> negatives;
};

/// Reads a JSON array of {"historyList": "a::b::c", "itemList": ["x", "y", ...], "trueSelection": "x"}, the format of
/// LLaRA and S-DPO. Throws std::runtime_error that names the file, the row (or the line, where the JSON is malformed),
/// what was expected and what was found.
std::vector<title_row> read_title_rows(const std::filesystem::path& file);

struct real_data_options {
  std::size_t vocabulary = 400;      ///< of the byte-pair tokenizer
  double development_share = .1375;  ///< of the rows to train on
  double evaluation_share = .2;      ///< likewise, where no others are given to evaluate on
  std::size_t largest_group = 129;   ///< rows; larger groups of leaking rows are trained on
  bool keep_leaking_rows = false;    ///< evaluate on them all the same, as published figures do
  std::uint64_t seed = 0;            ///< of the order in which groups are taken
};

/// Rows to train on and rows to evaluate on. Item ids follow the byte order of the titles.
///
/// Such rows are windows that slide over users' sequences, so that a random part of them gives the others away. Two
/// rows leak into each other when they share four consecutive items, the chosen one included (a row of fewer than four
/// items: all of them). Evaluation rows that leak from a row to train on are dropped. Development rows are whole groups
/// of rows that leak into each other, directly or through others, none above largest_group: not a random sample.
/// Without rows to evaluate on, evaluation rows are such groups too.
///
/// Throws std::invalid_argument for shares that are negative or leave nothing to train on, where every group is too
/// large for a share above 0, and where no row to evaluate is left.
dataset make_dataset(const std::vector<title_row>& to_train, const std::vector<title_row>& to_evaluate,
                     const real_data_options& options);

/// make_dataset from a folder, whose one *-val.json trains and whose one *-test.json evaluates, or from a single file.
/// Throws std::runtime_error where the folder holds none or several of either; else as read_title_rows and
/// make_dataset.
dataset read_dataset(const std::filesystem::path& path, const real_data_options& options = {});

}  // namespace toy_llm

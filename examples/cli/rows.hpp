// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <fstream>
#include <istream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "dynamicpo/exec/threads.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"

/// Rows of scores as JSON lines: {"policy_chosen": -12.3, "policy_rejected": [..], "reference_chosen": -12.9,
/// "reference_rejected": [..]}, other fields ignored, blank lines skipped. A number must be finite; JSON has no
/// infinities, so an impossible item is one left out of the row.
namespace cli {

/// What one line holds.
struct row {
  double policy_chosen = 0, reference_chosen = 0;
  std::vector<double> policy_rejected, reference_rejected;
};

/// Rows in a file, in the library's ragged layout. T is float or double.
template <class T>
struct row_batch {
  std::int64_t first_row = 0;       ///< rows of the file before these
  std::vector<std::int64_t> lines{};  ///< of each row, from 1
  std::vector<std::int64_t> offsets{};
  std::vector<T> policy_chosen{}, policy_rejected{}, reference_chosen{}, reference_rejected{};

  auto policy() const { return dynamicpo::view(policy_chosen, policy_rejected, offsets); }
  auto reference() const { return dynamicpo::view(reference_chosen, reference_rejected, offsets); }
};

struct row_reader_options {
  std::string path;            ///< "-" is standard input
  bool with_reference = true;  ///< whether the reference fields are needed; they are not read otherwise
  double largest = std::numeric_limits<double>::max();  ///< magnitude a number may have
};

/// Reads a file batch by batch, in bounded memory but for single lines. Lines are parsed in parallel.
class row_reader {
 public:
  explicit row_reader(row_reader_options options);

  /// The next rows; false at the end of the file. \throws std::runtime_error, "file:line: expected .., found ..", for
  /// the first line that is wrong.
  template <class T>
  bool next(row_batch<T>& batch, const dynamicpo::exec::threads& threads);

  /// \throws std::runtime_error with file, line and reason if the library found a row invalid.
  template <class T>
  void require_valid(const row_batch<T>& batch, const dynamicpo::row_counts& counts) const {
    const auto& found = counts.first_invalid;
    if (found.exists()) { throw error(batch.lines[static_cast<std::size_t>(found.row)], found.reason()); }
  }
  /// "file:line: what".
  std::runtime_error error(std::int64_t line, const std::string& what) const;

 private:
  bool read_lines();
  std::vector<row> parse_lines(const dynamicpo::exec::threads& threads) const;

  row_reader_options options_;
  std::ifstream file_;
  std::istream& stream_;
  std::string name_;
  std::int64_t line_ = 0, rows_ = 0;
  std::vector<std::string> texts_;
  std::vector<std::int64_t> lines_;
};

template <class T>
bool row_reader::next(row_batch<T>& batch, const dynamicpo::exec::threads& threads) {
  batch = {.first_row = rows_, .offsets = {0}};
  if (!read_lines()) { return false; }
  const auto append = [](std::vector<T>& to, const std::vector<double>& from) {
    for (const double value : from) { to.push_back(static_cast<T>(value)); }
  };
  for (const row& parsed : parse_lines(threads)) {
    batch.policy_chosen.push_back(static_cast<T>(parsed.policy_chosen));
    append(batch.policy_rejected, parsed.policy_rejected);
    batch.offsets.push_back(static_cast<std::int64_t>(batch.policy_rejected.size()));
    if (!options_.with_reference) { continue; }
    batch.reference_chosen.push_back(static_cast<T>(parsed.reference_chosen));
    append(batch.reference_rejected, parsed.reference_rejected);
  }
  batch.lines = lines_;
  rows_ += static_cast<std::int64_t>(lines_.size());
  return true;
}

}  // namespace cli

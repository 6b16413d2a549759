// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

enum class work : std::uint8_t { dmpo, sdpo, mppo, select };
enum class layout : std::uint8_t { dense, ragged, masked };

/// What is measured, on what, where. `select` is `select_negatives` with the boundary; the others are
/// `loss_and_gradient`.
struct bench_case {
  bench::work work = work::dmpo;
  bool dynamic = false;
  bool double_precision = false;
  std::int64_t negatives = 15;  ///< a row; the mean over rows when ragged
  bench::layout layout = layout::dense;
  bool threads = false;
  int violators = -1;     ///< rows that have a violator, in percent; -1 where the kernel does not look: a share of 0
  std::int64_t rows = 0;  ///< 0: as many as leave the cache

  bool operator==(const bench_case&) const = default;
};

/// <objective>[-dynamic]/<f32|f64>/K<k>/<dense|ragged|masked>/<seq|threads>[/v<violators>][/b<rows>]
std::string name_of(const bench_case& wanted);
/// Inverse of name_of; nothing when the text names no case.
std::optional<bench_case> parse_case(std::string_view name);

/// Bytes that the kernel reads and writes a row: the scores, the reference where one is used, gradient and row loss,
/// offsets and mask; for `select` the policy scores and the offsets.
double bytes_per_row(const bench_case& wanted);
/// The number of rows: by default so many that 256 MiB pass by, several times what a last cache holds.
std::int64_t rows_of(const bench_case& wanted);

}  // namespace bench

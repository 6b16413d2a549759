// SPDX-License-Identifier: MIT
// Rows of different length, three ways: ragged, padded with a mask, and one by one. All give the same bits.
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

int main() {
  const auto pipeline = po::dynamic(po::objective::dmpo);
  const std::vector<float> chosen{-2.0f, -5.0f, -1.0f};

  // Ragged: row b owns positions [offsets[b], offsets[b + 1]).
  const std::vector<float> packed{-1.5f, -4.0f, -6.0f, -5.5f, -3.0f, -8.0f, -8.0f, -2.0f};
  const std::vector<std::int64_t> offsets{0, 3, 4, 8};
  std::vector<float> packed_losses(3), g_chosen(3), g_packed(packed.size());
  const auto ragged = po::view(chosen, packed, offsets);
  po::loss_and_gradient(po::exec::seq, pipeline, ragged, po::reference_free,
                        {.gradient = po::view(g_chosen, g_packed, offsets), .row_loss = packed_losses});

  // Padded to 4 columns. What the mask hides is not read: it may be anything.
  const float pad = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> padded{-1.5f, -4.0f, -6.0f, pad, -5.5f, pad, pad, pad, -3.0f, -8.0f, -8.0f, -2.0f};
  const std::vector<std::uint8_t> mask{1, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1};
  std::vector<float> padded_losses(3), g_padded(padded.size());
  po::loss_and_gradient(po::exec::seq, pipeline, po::view(chosen, padded).with_mask(mask), po::reference_free,
                        {.gradient = po::view(g_chosen, g_padded), .row_loss = padded_losses});

  bool same = packed_losses == padded_losses;
  for (std::size_t position = 0, filled = 0; position < padded.size(); ++position) {
    same = same && g_padded[position] == (mask[position] != 0 ? g_packed[filled] : 0.0f);
    filled += mask[position];
  }

  // One by one: a slice is a view of its own; the mean of the row losses is the loss of the batch.
  double total = 0;
  for (po::index row = 0; row < 3; ++row) {
    const double loss = po::loss(po::exec::seq, pipeline, ragged.slice(row, 1), po::reference_free).loss;
    std::printf("row %d: loss %.6f\n", static_cast<int>(row), loss);
    total += loss;
  }
  const double whole = po::loss(po::exec::seq, pipeline, ragged, po::reference_free).loss;
  std::printf("batch: loss %.6f, ragged and padded agree to the bit: %s\n", whole, same ? "yes" : "no");
  return same && std::abs(whole - total / 3) <= 1e-12 ? 0 : 1;
}

// SPDX-License-Identifier: MIT
#include <cuda_bf16.h>

#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "device/device_test.cuh"
#include "dynamicpo/objective/sdpo.hpp"

// Rows that lie without a gap go through shared memory, a stretch at a time: the bits of rows with a gap behind each,
// which are read and written where they lie.
namespace {

namespace po = dynamicpo;
namespace detail = po::detail;
using device_test::device_array;
using device_test::rows;
using po::index;

/// A matrix of rows `step` apart in device memory, from entry `skipped` on. Elsewhere lies what nobody may change.
template <class S>
class placed {
 public:
  placed(const std::vector<S>& dense, index columns, index skipped, index step)
      : rows_{static_cast<index>(dense.size()) / columns},
        columns_{columns},
        skipped_{skipped},
        step_{step},
        memory_(spread(dense)) {}

  po::strided_matrix<S> matrix() const { return {memory_.span().data() + skipped_, rows_, columns_, step_, 1}; }
  std::vector<S> dense() const {
    const auto all = memory_.values();
    std::vector<S> found;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (in_row(i)) {
        found.push_back(all[i]);
      } else {
        DEVICE_CHECK(static_cast<float>(all[i]) == untouched);
      }
    }
    return found;
  }

 private:
  static constexpr float untouched = 1024;
  static constexpr index behind = 16;

  bool in_row(std::size_t i) const {
    const index at = static_cast<index>(i) - skipped_;
    return at >= 0 && at < rows_ * step_ && at % step_ < columns_;
  }
  std::vector<S> spread(const std::vector<S>& dense) const {
    std::vector<S> all(static_cast<std::size_t>(skipped_ + rows_ * step_ + behind), static_cast<S>(untouched));
    std::size_t next = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (in_row(i)) { all[i] = dense[next++]; }
    }
    return all;
  }

  index rows_, columns_, skipped_, step_;
  device_array<S> memory_;
};

/// Where the rows of policy, reference and gradient lie. `in_place`: the gradient in the policy's memory.
struct places {
  index gap = 0, policy = 0, reference = 0, gradient = 0;
  bool in_place = false;
};

template <class S>
struct answer {
  detail::device_total<po::accumulator_of<S>> total{};
  std::vector<S> chosen, rejected;
  std::vector<po::compute_of<S>> row_loss, beta;
};

template <class X>
bool same_bits(const std::vector<X>& a, const std::vector<X>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(X)) == 0;
}
template <class S>
bool same(const answer<S>& a, const answer<S>& b) {
  return device_test::same_counts(a.total.total.counts, b.total.total.counts) &&
         std::memcmp(&a.total.loss, &b.total.loss, sizeof(a.total.loss)) == 0 && same_bits(a.chosen, b.chosen) &&
         same_bits(a.rejected, b.rejected) && same_bits(a.row_loss, b.row_loss) && same_bits(a.beta, b.beta);
}

template <class S>
using view_of = po::scores<S, po::space::device>;

/// Rows in storage S.
template <class S>
struct batch {
  explicit batch(const rows<po::compute_of<S>>& in)
      : columns{in.negatives},
        chosen{stored(in.chosen)},
        rejected{stored(in.rejected)},
        frozen_chosen{stored(in.frozen_chosen)},
        frozen_rejected{stored(in.frozen_rejected)} {}

  static std::vector<S> stored(const std::vector<po::compute_of<S>>& values) {
    return device_test::device_batch<S, po::compute_of<S>>::stored(values);
  }
  index count() const { return static_cast<index>(chosen.size()); }

  index columns;
  std::vector<S> chosen, rejected, frozen_chosen, frozen_rejected;
};

/// One launch, by blocks that take `rows_per_chunk` rows each, through shared memory unless there are gaps.
template <bool WithReference, class S, class Pipeline>
answer<S> evaluate(const Pipeline& pipeline, const batch<S>& in, const places& at, index rows_per_chunk) {
  using T = po::compute_of<S>;
  using A = po::accumulator_of<S>;
  using reference = std::conditional_t<WithReference, view_of<const S>, po::reference_free_t>;
  using row_work = detail::row_by_group<true, Pipeline, const S, reference, po::space::device>;
  const index count = in.count(), step = in.columns + at.gap;
  const device_array<S> chosen(in.chosen), frozen_chosen(in.frozen_chosen), gradient_chosen(in.chosen);
  const placed<S> policy(in.rejected, in.columns, at.policy, step);
  const placed<S> frozen(in.frozen_rejected, in.columns, at.reference, step);
  const placed<S> own_gradient(std::vector<S>(in.rejected.size()), in.columns, at.gradient, step);
  const placed<S>& gradient = at.in_place ? policy : own_gradient;
  const device_array<T> row_loss(in.chosen.size()), beta(in.rejected.size());
  const auto view = [&](const device_array<S>& of_chosen, const placed<S>& of_rejected) {
    return view_of<S>(po::strided_span<S>{of_chosen.span().data(), count, 1}, of_rejected.matrix());
  };

  row_work work{pipeline, view(chosen, policy), {}, {}};
  if constexpr (WithReference) { work.reference = view(frozen_chosen, frozen); }
  work.out = {.gradient = view(gradient_chosen, gradient),
              .row_loss = row_loss.span().data(),
              .effective_beta = beta.span().data(),
              .nonfinite = po::nonfinite::skip,
              .scale = A(0.25)};
  const index in_hand = detail::rows_at_a_time(in.columns, false), stretch = detail::rows_of_stretch(work, in_hand);
  DEVICE_CHECK(at.gap == 0 ? stretch >= in_hand && stretch % in_hand == 0 : stretch == 0);

  detail::chunk_plan plan;
  plan.rows = count;
  plan.rows_per_chunk = rows_per_chunk;
  plan.chunks = (count + rows_per_chunk - 1) / rows_per_chunk;
  const device_array<std::byte> memory(detail::device_layout::of<A>(plan, 0).bytes);
  std::byte* const base = memory.span().data();
  const auto room = detail::device_layout::room<A>(base);
  detail::check_cuda("cudaMemset", cudaMemset(room.finished, 0, sizeof(unsigned)));
  detail::launch_short_rows<A>(nullptr, work, plan, {}, in.columns, {.averaged = true, .propagate = false}, room);
  answer<S> found;
  detail::check_cuda("cudaMemcpy", cudaMemcpy(&found.total, base, sizeof(found.total), cudaMemcpyDeviceToHost));
  found.chosen = gradient_chosen.values();
  found.rejected = gradient.dense();
  found.row_loss = row_loss.values();
  found.beta = beta.values();
  return found;
}

/// Rows of `negatives`, two stretches and a part of a turn more, some of them invalid, some with impossible items.
template <class S>
batch<S> some_rows(index negatives) {
  using T = po::compute_of<S>;
  const index in_hand = detail::rows_at_a_time(negatives, false);
  const index turn = in_hand * negatives * static_cast<index>(sizeof(S));
  const index stretch = static_cast<index>(detail::stretch_bytes) / turn * in_hand;
  auto in = device_test::random_rows<T>(static_cast<std::uint64_t>(negatives), 2 * stretch + in_hand / 2 + 1, negatives,
                                        false, 0);
  for (std::size_t i = 0; i < in.rejected.size(); ++i) {
    if (i % 97 == 5) { in.rejected[i] = -std::numeric_limits<T>::infinity(); }
    if (i % 211 == 3) { in.frozen_rejected[i] = std::numeric_limits<T>::quiet_NaN(); }
  }
  in.rejected.back() = std::numeric_limits<T>::quiet_NaN();
  return batch<S>(in);
}

/// Rows of 1, 1 + step .. 64 negatives.
template <bool WithReference, class S, class Pipeline>
void check(const Pipeline& pipeline, index step) {
  for (index negatives = 1; negatives <= detail::longest_short_row; negatives += step) {
    const auto in = some_rows<S>(negatives);
    const auto evaluated = [&](const places& at, index rows_per_chunk) {
      return evaluate<WithReference>(pipeline, in, at, rows_per_chunk);
    };
    const index in_hand = detail::rows_at_a_time(negatives, false);
    for (const index rows_per_chunk : {in_hand, (in.count() + in_hand - 1) / in_hand * in_hand}) {
      const auto expected = evaluated({.gap = 1}, rows_per_chunk);
      DEVICE_CHECK(expected.total.total.counts.invalid_rows > 0);
      DEVICE_CHECK(same(evaluated({}, rows_per_chunk), expected));
      DEVICE_CHECK(same(evaluated({.policy = 1, .reference = 3, .gradient = 2}, rows_per_chunk), expected));
      DEVICE_CHECK(same(evaluated({.policy = 1, .in_place = true}, rows_per_chunk), expected));
    }
  }
}

/// What must stay where it lies.
void check_which_rows() {
  const auto in = device_test::random_rows<float>(1, 64, 15, false, 0);
  const device_test::device_batch<float, float> on_device(in);
  const auto ragged_rows = device_test::random_rows<float>(1, 64, 15, true, 0);
  const device_test::device_batch<float, float> ragged(ragged_rows);
  const std::vector<std::uint8_t> ones(in.rejected.size(), 1);
  const device_array<std::uint8_t> mask(ones);
  const view_of<const float> dense = on_device.policy(),
                             masked = dense.with_mask(std::span(mask.cspan().data(), ones.size()));
  const auto wide = dense.rejected_matrix();
  const view_of<const float> gaps(dense.chosen_span(), po::strided_matrix<const float>{wide.data, 64, 14, 15, 1});
  const view_of<const float> turned(dense.chosen_span(), po::strided_matrix<const float>{wide.data, 64, 15, 1, 64});
  const view_of<float> written = on_device.out().gradient;
  const auto matrix = written.rejected_matrix();
  const view_of<float> written_gaps(written.chosen_span(), po::strided_matrix<float>{matrix.data, 64, 14, 15, 1});
  const auto stretch = [&](const view_of<const float>& policy, const view_of<const float>& reference,
                           const view_of<float>& gradient) {
    using pipeline = decltype(po::vanilla(po::objective::sdpo));
    const detail::row_by_group<true, pipeline, const float, view_of<const float>, po::space::device> work{
        po::vanilla(po::objective::sdpo), policy, reference, {.gradient = gradient}};
    return detail::rows_of_stretch(work, 16);
  };
  DEVICE_CHECK(stretch(dense, dense, written) == 64);
  DEVICE_CHECK(stretch(masked, masked, written) == 0);
  DEVICE_CHECK(stretch(dense, masked, written) == 0);
  DEVICE_CHECK(stretch(gaps, gaps, written_gaps) == 0);
  DEVICE_CHECK(stretch(dense, turned, written) == 0);
  DEVICE_CHECK(stretch(turned, dense, written) == 0);
  DEVICE_CHECK(stretch(dense, dense, written_gaps) == 0);
  DEVICE_CHECK(stretch(ragged.policy(), ragged.policy(), ragged.out().gradient) == 0);
}

}  // namespace

int main() {
  return device_test::run([] {
    check<true, float>(po::vanilla(po::objective::sdpo), 1);
    check<true, double>(po::vanilla(po::objective::sdpo), 3);
    check<true, __nv_bfloat16>(po::vanilla(po::objective::sdpo), 3);
    check<false, float>(po::vanilla(po::objective::sdpo), 7);
    check_which_rows();
  });
}

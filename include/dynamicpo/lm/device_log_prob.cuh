// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/detail/softmax_sums.hpp"
#include "dynamicpo/exec/cuda.cuh"
#include "dynamicpo/exec/device_room.cuh"
#include "dynamicpo/lm/token_logits.hpp"
#include "dynamicpo/score/device_span.hpp"
#include "dynamicpo/score/scalar.hpp"

/// lm/sequence_log_prob.hpp for logits in device memory: a block of threads a token.
namespace dynamicpo::inline v1::lm {

/// token_labels in device memory, taken on trust: a label that is no token makes its sequence NaN.
struct device_token_labels {
  device_span<const std::int32_t> label{};
  device_span<const std::uint8_t> mask{};
};

/// sequence_outputs in device memory.
struct device_sequence_outputs {
  device_span<double> log_prob{};
  device_span<std::int32_t> count{};
  device_span<double> entropy{};
  device_span<std::int32_t> argmax{};
  device_span<double> log_sum{};
};

}  // namespace dynamicpo::inline v1::lm

namespace dynamicpo::inline v1::detail {

inline constexpr unsigned threads_per_token = 256;

/// Where the sums of places go. Null: not asked for.
struct place_outputs {
  double* log_prob;
  double* entropy;
  double* log_sum;
  std::int32_t* argmax;
};

struct place_labels {
  const std::int32_t* label;
  const std::uint8_t* mask;

  __device__ bool counts(index place) const { return label[place] >= 0 && (mask == nullptr || mask[place] != 0); }
};

/// The share of one of `threads` threads in a token's sums: numbers `thread`, `thread` + `threads`, ..
template <class T>
__device__ softmax_sums sums_of_thread(const T* logits, index vocabulary, index thread, index threads) {
  using number = compute_of<T>;
  constexpr auto lowest = static_cast<number>(no_logit);
  constexpr int group = 8;  // loads in flight
  softmax_sums total;
  for (index first = thread; first < vocabulary; first += group * threads) {
    number x[group], greatest = lowest;
    int at = -1;
    for (int i = 0; i < group; ++i) {
      const index v = first + i * threads;
      x[i] = v < vocabulary ? static_cast<number>(logits[v]) : lowest;
    }
    for (int i = 0; i < group; ++i) {
      at = greatest < x[i] ? i : at;
      greatest = greatest < x[i] ? x[i] : greatest;
    }
    const bool climbs = total.most < static_cast<double>(greatest);
    if (climbs) { total.climb(static_cast<double>(greatest), first + at * threads); }
    const auto shift = static_cast<number>(total.most);
    number sum = 0, weighted = 0;
    for (int i = 0; i < group; ++i) {
      const bool left_out = climbs && i == at, unordered = !(x[i] == x[i]);
      const number distance = left_out || (x[i] == lowest) ? lowest : x[i] - shift;
      const number weight = unordered ? x[i] : elementary::decay(distance);
      sum += weight;
      weighted += weight == 0 ? number(0) : distance * weight;
    }
    total.rest += static_cast<double>(sum);
    total.weighted += static_cast<double>(weighted);
  }
  return total;
}

/// The sums of a token over the threads of its block, in parts[0]. By a fixed tree.
__device__ inline void merge_threads(softmax_sums* parts) {
  __syncthreads();
  for (unsigned half = threads_per_token / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) { parts[threadIdx.x].merge(parts[threadIdx.x + half]); }
    __syncthreads();
  }
}

/// What is known of a place goes where it was asked for. \param logit  that of its label.
__device__ inline void write_place(const place_outputs& out, index place, const softmax_sums& sums, double logit) {
  out.log_prob[place] = sums.log_probability(logit);
  if (out.entropy != nullptr) { out.entropy[place] = sums.entropy(); }
  if (out.log_sum != nullptr) { out.log_sum[place] = sums.log_sum(); }
  if (out.argmax != nullptr) { out.argmax[place] = static_cast<std::int32_t>(sums.argmax); }
}
__device__ inline void write_blank_place(const place_outputs& out, index place) {
  out.log_prob[place] = 0;
  if (out.entropy != nullptr) { out.entropy[place] = 0; }
  if (out.log_sum != nullptr) { out.log_sum[place] = 0; }
  if (out.argmax != nullptr) { out.argmax[place] = -1; }
}

template <class T>
__global__ void sum_places(lm::token_logits<const T> logits, place_labels labels, place_outputs out) {
  // Bytes: shared memory takes nothing that is initialised.
  alignas(softmax_sums) __shared__ unsigned char room[threads_per_token * sizeof(softmax_sums)];
  auto* const parts = reinterpret_cast<softmax_sums*>(room);
  const index places = logits.sequences * logits.tokens;
  for (index place = blockIdx.x; place < places; place += gridDim.x) {
    if (!labels.counts(place)) {
      if (threadIdx.x == 0) { write_blank_place(out, place); }
      continue;
    }
    const T* const row = logits.at(place / logits.tokens, place % logits.tokens);
    parts[threadIdx.x] = sums_of_thread(row, logits.vocabulary, threadIdx.x, threads_per_token);
    merge_threads(parts);
    if (threadIdx.x == 0) {
      const std::int32_t label = labels.label[place];
      write_place(out, place, parts[0],
                  label < logits.vocabulary ? static_cast<double>(static_cast<compute_of<T>>(row[label]))
                                            : elementary_float::nan<double>);
    }
    __syncthreads();  // before the next place overwrites parts
  }
}

/// In the order of the tokens, a thread a sequence.
template <class Real>
__global__ void sum_sequences(index sequences, index tokens, place_labels labels, const Real* log_prob,
                              const Real* entropy, Real* log_prob_out, Real* entropy_out, std::int32_t* count_out) {
  const index sequence = index{blockIdx.x} * blockDim.x + threadIdx.x;
  if (sequence >= sequences) { return; }
  Real total = 0, total_entropy = 0;
  std::int32_t count = 0;
  for (index place = sequence * tokens; place < (sequence + 1) * tokens; ++place) {
    if (!labels.counts(place)) { continue; }
    total += log_prob[place];
    total_entropy += entropy == nullptr ? Real(0) : entropy[place];
    ++count;
  }
  log_prob_out[sequence] = total;
  if (entropy_out != nullptr) { entropy_out[sequence] = total_entropy; }
  if (count_out != nullptr) { count_out[sequence] = count; }
}

template <class T, class U>
__global__ void differentiate_places(lm::token_logits<const T> logits, place_labels labels, const double* coefficient,
                                     const double* log_sum, lm::token_logits<U> gradient, bool accumulate) {
  using number = compute_of<T>;
  const index places = logits.sequences * logits.tokens;
  for (index place = blockIdx.x; place < places; place += gridDim.x) {
    const index sequence = place / logits.tokens, token = place % logits.tokens;
    const double pull = coefficient[sequence];
    U* const to = gradient.at(sequence, token);
    if (pull == 0 || !labels.counts(place)) {
      for (index v = threadIdx.x; !accumulate && v < logits.vocabulary; v += threads_per_token) {
        to[v] = static_cast<U>(0.0f);
      }
      continue;
    }
    const T* const row = logits.at(sequence, token);
    const softmax_slope<number> slope(log_sum[place], pull);
    const index label = labels.label[place];
    for (index v = threadIdx.x; v < logits.vocabulary; v += threads_per_token) {
      const auto x = static_cast<number>(row[v]);
      const number slope_here = v == label ? slope.of_label(x) : slope.of_others(x);
      using wide = std::common_type_t<compute_of<U>, number>;
      const wide before = accumulate ? static_cast<wide>(static_cast<compute_of<U>>(to[v])) : wide(0);
      to[v] = static_cast<U>(before + static_cast<wide>(slope_here));
    }
  }
}

inline void require_device_labels(const char* where, index places, const lm::device_token_labels& labels) {
  require_entries(where, "label", labels.label, places);
  require_room(where, "mask", labels.mask, places);
}
inline void require_device_outputs(const char* where, index sequences, index places,
                                   const lm::device_sequence_outputs& out) {
  require_entries(where, "log_prob", out.log_prob, sequences);
  require_room(where, "count", out.count, sequences);
  require_room(where, "entropy", out.entropy, sequences);
  require_room(where, "argmax", out.argmax, places);
  require_room(where, "log_sum", out.log_sum, places);
}
template <class T>
T* null_unless_given(const device_span<T>& span) {
  return span.size() == 0 ? nullptr : span.data();
}
inline void sum_up_sequences(const exec::cuda_stream& exec, index sequences, index tokens, const place_labels& labels,
                             const double* log_prob, const double* entropy, const lm::device_sequence_outputs& out) {
  constexpr unsigned threads = 128;
  launch_kernel(exec.stream, (sequences + threads - 1) / threads, threads, sum_sequences<double>, sequences, tokens,
                labels, log_prob, entropy, out.log_prob.data(), null_unless_given(out.entropy),
                null_unless_given(out.count));
}

inline index blocks_for(index places) { return places < 65536 ? places : 65536; }

}  // namespace dynamicpo::inline v1::detail

namespace dynamicpo::inline v1::lm {

/// sequence_log_prob of lm/sequence_log_prob.hpp for logits in device memory, in the order of the stream; returns at
/// once. Labels are taken on trust. Sums go over threads by a fixed tree: run to run the same bits, which are not the
/// host's. Room for one or two doubles a token from the workspace, or from the stream's pool.
/// \throws std::invalid_argument when arrays are too short; cuda_error.
template <class T>
void sequence_log_prob(const exec::cuda_stream& exec, const token_logits<T>& logits, const device_token_labels& labels,
                       const device_sequence_outputs& out) {
  constexpr const char* where = "lm::sequence_log_prob";
  const index places = logits.sequences * logits.tokens;
  detail::require_device_labels(where, places, labels);
  detail::require_device_outputs(where, logits.sequences, places, out);
  if (logits.sequences == 0) { return; }

  const bool with_entropy = out.entropy.size() != 0;
  detail::device_room room(exec, (with_entropy ? 2 : 1) * detail::device_room::bytes_of(places, sizeof(double)));
  auto* const log_prob = room.take<double>(places);
  double* const entropy = with_entropy ? room.take<double>(places) : nullptr;
  const detail::place_labels at{labels.label.data(), detail::null_unless_given(labels.mask)};
  if (places > 0) {
    const detail::place_outputs to{log_prob, entropy, detail::null_unless_given(out.log_sum),
                                   detail::null_unless_given(out.argmax)};
    detail::launch_kernel(exec.stream, detail::blocks_for(places), detail::threads_per_token,
                          detail::sum_places<std::remove_const_t<T>>, logits, at, to);
  }
  detail::sum_up_sequences(exec, logits.sequences, logits.tokens, at, log_prob, entropy, out);
}

/// sequence_log_prob_backward of lm/sequence_log_prob.hpp for logits in device memory, in the order of the stream;
/// returns at once. `log_sum` must be given; it and `coefficient` lie on the device. `gradient` may be the logits
/// themselves, exactly in place and without `accumulate`; other overlap is refused.
/// \throws std::invalid_argument when arrays are too short, shapes differ or memory overlaps; cuda_error.
template <class T, class U>
void sequence_log_prob_backward(const exec::cuda_stream& exec, const token_logits<T>& logits,
                                const device_token_labels& labels, device_span<const double> coefficient,
                                const token_logits<U>& gradient, device_span<const double> log_sum,
                                bool accumulate = false) {
  constexpr const char* where = "lm::sequence_log_prob_backward";
  const index places = logits.sequences * logits.tokens;
  detail::require_device_labels(where, places, labels);
  detail::require_entries(where, "coefficient", coefficient, logits.sequences);
  detail::require_entries(where, "log_sum", log_sum, places);
  require_gradient_of(where, logits, gradient, accumulate);
  if (places == 0) { return; }
  const detail::place_labels at{labels.label.data(), detail::null_unless_given(labels.mask)};
  detail::launch_kernel(exec.stream, detail::blocks_for(places), detail::threads_per_token,
                        detail::differentiate_places<std::remove_const_t<T>, U>, logits, at, coefficient.data(),
                        log_sum.data(), gradient, accumulate);
}

}  // namespace dynamicpo::inline v1::lm

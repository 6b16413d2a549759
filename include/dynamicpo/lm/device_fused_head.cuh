// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "dynamicpo/exec/device_room.cuh"
#include "dynamicpo/lm/device_log_prob.cuh"
#include "dynamicpo/lm/language_head.hpp"
#include "dynamicpo/lm/matrix_product.hpp"

/// lm/fused_head.hpp for a head in device memory.
namespace dynamicpo::inline v1::lm {

/// Places and tokens of the vocabulary whose logits exist at a time.
struct head_tile {
  index rows = 1024, columns = 8192;
};

}  // namespace dynamicpo::inline v1::lm

namespace dynamicpo::inline v1::detail {

inline constexpr unsigned threads_of_list = 1024;

/// The places that take part, ascending, and how many. By one block: beside the products this is nothing.
template <class Real>
__global__ void list_places(index places, index tokens, place_labels labels, const Real* coefficient, index* list,
                            index* count) {
  __shared__ unsigned of_warp[threads_of_list / 32];
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  index listed = 0;
  for (index first = 0; first < places; first += threads_of_list) {
    const index place = first + threadIdx.x;
    const bool takes_part =
        place < places && labels.counts(place) && (coefficient == nullptr || !(coefficient[place / tokens] == 0));
    const unsigned found = __ballot_sync(~0u, takes_part);
    if (lane == 0) { of_warp[warp] = static_cast<unsigned>(__popc(found)); }
    __syncthreads();
    index at = listed + __popc(found & ((1u << lane) - 1u));
    for (unsigned w = 0; w < threads_of_list / 32; ++w) {
      at += w < warp ? of_warp[w] : 0;
      listed += of_warp[w];
    }
    if (takes_part) { list[at] = place; }
    __syncthreads();
  }
  if (threadIdx.x == 0) { *count = listed; }
}

template <class Out>
__global__ void blank_places(index places, Out out) {
  const index place = index{blockIdx.x} * blockDim.x + threadIdx.x;
  if (place < places) { write_blank_place(out, place); }
}

/// The states of a tile's places side by side, a block each; their sums begin.
template <class T>
__global__ void gather_states(const T* hidden, index width, const index* list, T* states, softmax_sums* sums) {
  const T* const from = hidden + list[blockIdx.x] * width;
  T* const to = states + blockIdx.x * width;
  for (index h = threadIdx.x; h < width; h += blockDim.x) { to[h] = from[h]; }
  if (threadIdx.x == 0 && sums != nullptr) { sums[blockIdx.x] = softmax_sums{}; }
}
/// The other way, added.
template <class T>
__global__ void scatter_gradient(const T* gradient, index width, const index* list, T* hidden_gradient) {
  const T* const from = gradient + blockIdx.x * width;
  T* const to = hidden_gradient + list[blockIdx.x] * width;
  for (index h = threadIdx.x; h < width; h += blockDim.x) { to[h] += from[h]; }
}

/// Tokens [first, first + count) of the vocabulary.
struct columns_of_tile {
  index first, count, stride;
};

/// Adds a tile of logits to the sums of its places, a block each.
template <class T>
__global__ void add_tile(const T* logits, columns_of_tile across, const index* list, place_labels labels,
                         softmax_sums* sums, double* label_logit) {
  alignas(softmax_sums) __shared__ unsigned char room[threads_per_token * sizeof(softmax_sums)];
  auto* const parts = reinterpret_cast<softmax_sums*>(room);
  const T* const row = logits + blockIdx.x * across.stride;
  softmax_sums own = sums_of_thread(row, across.count, threadIdx.x, threads_per_token);
  if (own.argmax >= 0) { own.argmax += across.first; }
  parts[threadIdx.x] = own;
  merge_threads(parts);
  if (threadIdx.x != 0) { return; }
  sums[blockIdx.x].merge(parts[0]);
  const index label = labels.label[list[blockIdx.x]] - across.first;
  if (across.first == 0) { label_logit[blockIdx.x] = elementary_float::nan<double>; }
  if (label >= 0 && label < across.count) { label_logit[blockIdx.x] = static_cast<double>(row[label]); }
}

template <class Out>
__global__ void finish_tile(index count, const index* list, const softmax_sums* sums, const double* label_logit,
                            Out out) {
  const index r = index{blockIdx.x} * blockDim.x + threadIdx.x;
  if (r < count) { write_place(out, list[r], sums[r], label_logit[r]); }
}

/// Logits become coefficient ([v = label] - softmax), a block a place.
template <class T>
__global__ void differentiate_tile(T* logits, columns_of_tile across, const index* list, index tokens,
                                   place_labels labels, const double* coefficient, const double* log_sum) {
  const index place = list[blockIdx.x];
  const softmax_slope<T> slope(log_sum[place], coefficient[place / tokens]);
  const index label = labels.label[place] - across.first;
  T* const row = logits + blockIdx.x * across.stride;
  for (index v = threadIdx.x; v < across.count; v += blockDim.x) {
    row[v] = v == label ? slope.of_label(row[v]) : slope.of_others(row[v]);
  }
}

/// A head's places that take part, by tiles, on a stream.
template <class T, class Product>
class device_head_tiles {
 public:
  device_head_tiles(const char* where, const exec::cuda_stream& exec, const Product& product,
                    const lm::language_head<T>& head, const lm::device_token_labels& labels, const lm::head_tile& tile)
      : exec_{exec}, product_{product}, head_{head}, tile_{tile} {
    static_assert(lm::matrix_product<Product, T>, "dynamicpo: not a product of matrices; see lm/matrix_product.hpp");
    lm::require_head(where, head);
    if (tile.rows < 1 || tile.columns < 1) { throw_invalid(where, "a tile without rows or columns"); }
    require_device_labels(where, head.places(), labels);
    labels_ = {labels.label.data(), null_unless_given(labels.mask)};
  }

  struct tile_memory {
    index* list;
    index* count;
    T *logits, *states, *gradient;
    softmax_sums* sums;
    double* label_logit;
  };
  /// What `memory` takes: it grows with no extent of the head but H, and by 8 bytes a token.
  std::size_t bytes() const {
    const index rows = rows_at_most();
    return device_room::bytes_of(head_.places(), sizeof(index)) + device_room::bytes_of(1, sizeof(index)) +
           device_room::bytes_of(rows * columns_at_most(), sizeof(T)) +
           2 * device_room::bytes_of(rows * head_.width, sizeof(T)) +
           device_room::bytes_of(rows, sizeof(softmax_sums)) + device_room::bytes_of(rows, sizeof(double));
  }
  tile_memory memory(device_room& room) const {
    const index rows = rows_at_most();
    tile_memory made;
    made.list = room.take<index>(head_.places());
    made.count = room.take<index>(1);
    made.logits = room.take<T>(rows * columns_at_most());
    made.states = room.take<T>(rows * head_.width);
    made.gradient = room.take<T>(rows * head_.width);
    made.sums = room.take<softmax_sums>(rows);
    made.label_logit = room.take<double>(rows);
    return made;
  }

  const place_labels& labels() const { return labels_; }

  /// Lists the places that take part and waits for their number. \param coefficient  of each sequence, or null.
  index list(const tile_memory& at, const double* coefficient) const {
    launch_kernel(exec_.stream, 1, threads_of_list, list_places<double>, head_.places(), head_.tokens, labels_,
                  coefficient, at.list, at.count);
    index count = 0;
    check_cuda("cudaMemcpyAsync",
               cudaMemcpyAsync(&count, at.count, sizeof(index), cudaMemcpyDeviceToHost, exec_.stream));
    check_cuda("cudaStreamSynchronize", cudaStreamSynchronize(exec_.stream));
    return count;
  }
  /// work(places, how many) for tiles of them, their states gathered.
  template <class Work>
  void for_each_row_tile(const tile_memory& at, index count, const Work& work) const {
    for (index first = 0; first < count; first += tile_.rows) {
      const index rows = count - first < tile_.rows ? count - first : tile_.rows;
      launch_kernel(exec_.stream, rows, threads_per_token, gather_states<T>, head_.hidden, head_.width, at.list + first,
                    at.states, at.sums);
      work(static_cast<const index*>(at.list + first), rows);
    }
  }
  /// work(columns) for tiles of the vocabulary, their logits made.
  template <class Work>
  void for_each_column_tile(const tile_memory& at, index rows, const Work& work) const {
    for (index first = 0; first < head_.vocabulary; first += tile_.columns) {
      const index count = head_.vocabulary - first < tile_.columns ? head_.vocabulary - first : tile_.columns;
      const lm::operand<T> states{at.states, head_.width}, weights{weights_of(first), head_.width, true};
      product_(rows, count, head_.width, states, weights, at.logits, columns_at_most(), false);
      work(columns_of_tile{first, count, columns_at_most()});
    }
  }
  const T* weights_of(index first) const { return head_.weights + first * head_.width; }

 private:
  index rows_at_most() const { return head_.places() < tile_.rows ? head_.places() : tile_.rows; }
  index columns_at_most() const { return head_.vocabulary < tile_.columns ? head_.vocabulary : tile_.columns; }

  const exec::cuda_stream& exec_;
  const Product& product_;
  const lm::language_head<T>& head_;
  lm::head_tile tile_;
  place_labels labels_{};
};

}  // namespace dynamicpo::inline v1::detail

namespace dynamicpo::inline v1::lm {

/// fused_log_prob of lm/fused_head.hpp for a head in device memory, in the order of the stream. Waits for the stream
/// once: how many places count decides which products are made; cannot be captured in a graph. Labels are taken on
/// trust, as by sequence_log_prob on a device. Memory grows with neither K, T nor V: one tile of logits, its rows of
/// hidden states and 16 bytes a token (24 with entropy), from the workspace or the stream's pool. Sums go over threads
/// by a fixed tree: run to run the same bits where the product gives them. \param product  enqueues on the stream of
/// `exec` (adapt/cublas_product.cuh). \throws std::invalid_argument when arrays are too short; cuda_error.
template <class Product, class T>
void fused_log_prob(const exec::cuda_stream& exec, const Product& product, const language_head<T>& head,
                    const device_token_labels& labels, const device_sequence_outputs& out, const head_tile& tile = {}) {
  constexpr const char* where = "lm::fused_log_prob";
  const index places = head.places();
  const detail::device_head_tiles<T, Product> tiles(where, exec, product, head, labels, tile);
  detail::require_device_outputs(where, head.sequences, places, out);
  if (head.sequences == 0) { return; }

  const bool with_entropy = out.entropy.size() != 0;
  detail::device_room room(
      exec, tiles.bytes() + (with_entropy ? 2 : 1) * detail::device_room::bytes_of(places, sizeof(double)));
  const auto at = tiles.memory(room);
  auto* const log_prob = room.take<double>(places);
  double* const entropy = with_entropy ? room.take<double>(places) : nullptr;
  const detail::place_outputs to{log_prob, entropy, detail::null_unless_given(out.log_sum),
                                 detail::null_unless_given(out.argmax)};
  constexpr unsigned threads = 128;
  if (places > 0) {
    detail::launch_kernel(exec.stream, (places + threads - 1) / threads, threads,
                          detail::blank_places<detail::place_outputs>, places, to);
    tiles.for_each_row_tile(at, tiles.list(at, nullptr), [&](const index* list, index rows) {
      tiles.for_each_column_tile(at, rows, [&](const detail::columns_of_tile& across) {
        detail::launch_kernel(exec.stream, rows, detail::threads_per_token, detail::add_tile<T>, at.logits, across,
                              list, tiles.labels(), at.sums, at.label_logit);
      });
      detail::launch_kernel(exec.stream, (rows + threads - 1) / threads, threads,
                            detail::finish_tile<detail::place_outputs>, rows, list, at.sums, at.label_logit, to);
    });
  }
  detail::sum_up_sequences(exec, head.sequences, head.tokens, tiles.labels(), log_prob, entropy, out);
}

/// fused_log_prob_backward of lm/fused_head.hpp for a head in device memory, in the order of the stream. `log_sum` [N,
/// T] must be given, as fused_log_prob gives it; it and `coefficient` lie on the device. Waits for the stream once and
/// needs memory as fused_log_prob does. Cost: three products over the places left, the logits' and one a gradient.
/// \throws std::invalid_argument when arrays are too short or memory overlaps; cuda_error.
template <class Product, class T>
void fused_log_prob_backward(const exec::cuda_stream& exec, const Product& product, const language_head<T>& head,
                             const device_token_labels& labels, device_span<const double> coefficient,
                             T* hidden_gradient, T* weight_gradient, device_span<const double> log_sum,
                             bool accumulate = false, const head_tile& tile = {}) {
  constexpr const char* where = "lm::fused_log_prob_backward";
  const index places = head.places();
  const detail::device_head_tiles<T, Product> tiles(where, exec, product, head, labels, tile);
  detail::require_entries(where, "coefficient", coefficient, head.sequences);
  detail::require_entries(where, "log_sum", log_sum, places);
  require_gradients_apart(where, head, hidden_gradient, weight_gradient);
  if (!accumulate) {
    const auto clear = [&](T* gradient, index size) {
      if (gradient == nullptr || size == 0) { return; }
      detail::check_cuda("cudaMemsetAsync",
                         cudaMemsetAsync(gradient, 0, static_cast<std::size_t>(size) * sizeof(T), exec.stream));
    };
    clear(hidden_gradient, places * head.width);
    clear(weight_gradient, head.vocabulary * head.width);
  }
  if (places == 0 || (hidden_gradient == nullptr && weight_gradient == nullptr)) { return; }

  detail::device_room room(exec, tiles.bytes());
  const auto at = tiles.memory(room);
  tiles.for_each_row_tile(at, tiles.list(at, coefficient.data()), [&](const index* list, index rows) {
    tiles.for_each_column_tile(at, rows, [&](const detail::columns_of_tile& across) {
      detail::launch_kernel(exec.stream, rows, detail::threads_per_token, detail::differentiate_tile<T>, at.logits,
                            across, list, head.tokens, tiles.labels(), coefficient.data(), log_sum.data());
      if (hidden_gradient != nullptr) {
        const operand<T> pulls{at.logits, across.stride}, weights{tiles.weights_of(across.first), head.width};
        product(rows, head.width, across.count, pulls, weights, at.gradient, head.width, across.first > 0);
      }
      if (weight_gradient != nullptr) {
        const operand<T> pulls{at.logits, across.stride, true}, states{at.states, head.width};
        product(across.count, head.width, rows, pulls, states, weight_gradient + across.first * head.width, head.width,
                true);
      }
    });
    if (hidden_gradient != nullptr && head.vocabulary > 0) {
      detail::launch_kernel(exec.stream, rows, detail::threads_per_token, detail::scatter_gradient<T>, at.gradient,
                            head.width, list, hidden_gradient);
    }
  });
}

}  // namespace dynamicpo::inline v1::lm

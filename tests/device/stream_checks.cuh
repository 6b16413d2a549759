// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "device/device_test.cuh"
#include "dynamicpo/exec/device_room.cuh"
#include "dynamicpo/objective/sdpo.hpp"
#include "support/message_of.hpp"

/// Streams, graphs, workspaces, determinism and errors, with a pipeline that sdpo_test.cu has compiled for anyway: each
/// costs nvcc a good part of a minute.
namespace device_test::streams {

using test_support::message_of;

constexpr auto pipeline = po::dynamic(po::objective::sdpo);

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

struct stream {
  cudaStream_t handle = nullptr;
  stream() { po::detail::check_cuda("cudaStreamCreate", cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking)); }
  ~stream() { cudaStreamDestroy(handle); }
};

inline void runs_are_identical(const rows<float>& in) {
  const device_batch<float, float> a(in), b(in);
  const stream one, other;
  po::exec::cuda_workspace workspace;
  const auto first =
      po::loss_and_gradient(po::exec::cuda_stream{one.handle}, pipeline, a.policy(), a.reference(), a.out());
  const auto second = po::loss_and_gradient(po::exec::cuda_stream{other.handle, &workspace}, pipeline, b.policy(),
                                            b.reference(), b.out());
  const auto x = first.get(), y = second.get();
  DEVICE_CHECK(std::memcmp(&x.loss, &y.loss, sizeof(x.loss)) == 0);
  DEVICE_CHECK(same_bits(a.gradient_rejected.values(), b.gradient_rejected.values()));
  DEVICE_CHECK(same_bits(a.gradient_chosen.values(), b.gradient_chosen.values()));
}

inline void gradients_do_not_depend_on_the_split(const rows<float>& in) {
  const device_batch<float, float> whole(in), parts(in);
  auto out = whole.out();
  out.reduction = po::reduction::sum;
  po::loss_and_gradient(po::exec::cuda_stream{}, pipeline, whole.policy(), whole.reference(), out).get();
  const po::index cut = in.count() / 3;
  for (const bool second : {false, true}) {
    const po::index first = second ? cut : 0, count = second ? in.count() - cut : cut;
    auto half_out = parts.out();
    half_out.reduction = po::reduction::sum;
    half_out.gradient = half_out.gradient.slice(first, count);
    half_out.row_loss = {};
    half_out.effective_beta = {};
    po::loss_and_gradient(po::exec::cuda_stream{}, pipeline, parts.policy().slice(first, count),
                          parts.reference().slice(first, count), half_out)
        .get();
  }
  DEVICE_CHECK(same_bits(whole.gradient_rejected.values(), parts.gradient_rejected.values()));
  DEVICE_CHECK(same_bits(whole.gradient_chosen.values(), parts.gradient_chosen.values()));
}

/// The rows with negatives that take no part, so that each has `negatives`.
inline rows<float> lengthened(const rows<float>& in, po::index negatives) {
  rows<float> made = in;
  made.negatives = negatives;
  const auto lengthen = [&](const std::vector<float>& from, std::vector<float>& to, float score) {
    to.assign(static_cast<std::size_t>(in.count() * negatives), score);
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto size = static_cast<std::size_t>(in.negatives);
      to[i / size * static_cast<std::size_t>(negatives) + i % size] = from[i];
    }
  };
  lengthen(in.rejected, made.rejected, -std::numeric_limits<float>::infinity());
  lengthen(in.frozen_rejected, made.frozen_rejected, -1);
  return made;
}

/// Rows whose columns fit the shared memory of a block, and the same where they lie outside.
inline void rows_do_not_depend_on_where_columns_lie(po::index negatives) {
  const auto in = random_rows<float>(10, rows_at_hand(100), negatives, false, -20);
  const auto longer = lengthened(in, po::detail::longest_row_in_block + 1);
  const device_batch<float, float> inside(in), outside(longer);
  const auto a =
      po::loss_and_gradient(po::exec::cuda_stream{}, pipeline, inside.policy(), inside.reference(), inside.out()).get();
  const auto b =
      po::loss_and_gradient(po::exec::cuda_stream{}, pipeline, outside.policy(), outside.reference(), outside.out())
          .get();
  DEVICE_CHECK(a.loss == b.loss && a.rows == in.count() && b.rows == in.count());
  DEVICE_CHECK(same_bits(inside.row_loss.values(), outside.row_loss.values()));
  DEVICE_CHECK(same_bits(inside.gradient_chosen.values(), outside.gradient_chosen.values()));
  auto expected = in;
  expected.rejected = inside.gradient_rejected.values();
  expected.frozen_rejected = inside.beta.values();
  expected = lengthened(expected, longer.negatives);
  const auto gradient = outside.gradient_rejected.values(), beta = outside.beta.values();
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    if (static_cast<po::index>(i) % longer.negatives < negatives) {
      DEVICE_CHECK(std::memcmp(&gradient[i], &expected.rejected[i], sizeof(float)) == 0);
      DEVICE_CHECK(std::memcmp(&beta[i], &expected.frozen_rejected[i], sizeof(float)) == 0);
    } else {
      DEVICE_CHECK(gradient[i] == 0 && beta[i] == 0);
    }
  }
}

/// What other calls keep in a workspace meanwhile does not matter.
inline void workspaces_are_shared(const rows<float>& in) {
  const device_batch<float, float> batch(in);
  po::exec::cuda_workspace workspace;
  const po::exec::cuda_stream exec{nullptr, &workspace};
  const auto call = [&] {
    return po::loss_and_gradient(exec, pipeline, batch.policy(), batch.reference(), batch.out());
  };
  workspace.reserve(in.count(), in.longest());
  workspace.reserve_bytes(8192);
  const auto loss = call().get().loss;
  const auto use = [&] {
    po::detail::device_room room(exec, 4096);
    po::detail::check_cuda("cudaMemset", cudaMemset(room.take<char>(4096), 0x7f, 4096));
  };
  for (int times = 0; times < 2; ++times) {
    use();
    const auto result = call().get();
    DEVICE_CHECK(result.loss == loss && result.rows == in.count());
  }
}

/// A captured call answers anew, for what its inputs then hold, each time its graph runs.
inline void graph_replays(const rows<float>& in, const rows<float>& later) {
  const device_batch<float, float> batch(in), direct(later);
  const stream s;
  po::exec::cuda_workspace workspace;
  workspace.reserve(in.count(), in.longest());
  const po::exec::cuda_stream exec{s.handle, &workspace};
  po::detail::check_cuda("cudaStreamBeginCapture", cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeGlobal));
  const auto result = po::loss_and_gradient(exec, pipeline, batch.policy(), batch.reference(), batch.out());
  cudaGraph_t graph = nullptr;
  po::detail::check_cuda("cudaStreamEndCapture", cudaStreamEndCapture(s.handle, &graph));
  cudaGraphExec_t runnable = nullptr;
  po::detail::check_cuda("cudaGraphInstantiate", cudaGraphInstantiate(&runnable, graph, 0));

  const auto expected = device_test::host_answer(device_test::objective::sdpo, true, in);
  for (int replay = 0; replay < 2; ++replay) {
    po::detail::check_cuda("cudaGraphLaunch", cudaGraphLaunch(runnable, s.handle));
    DEVICE_CHECK(device_test::near(static_cast<float>(result.get().loss), static_cast<float>(expected.loss), 4));
    DEVICE_CHECK(device_test::near(batch.gradient_rejected.values(), expected.rejected));
  }
  cudaMemcpy(batch.chosen.span().data(), later.chosen.data(), later.chosen.size() * sizeof(float),
             cudaMemcpyHostToDevice);
  cudaMemcpy(batch.rejected.span().data(), later.rejected.data(), later.rejected.size() * sizeof(float),
             cudaMemcpyHostToDevice);
  cudaMemcpy(batch.frozen_chosen.span().data(), later.frozen_chosen.data(), later.chosen.size() * sizeof(float),
             cudaMemcpyHostToDevice);
  cudaMemcpy(batch.frozen_rejected.span().data(), later.frozen_rejected.data(), later.rejected.size() * sizeof(float),
             cudaMemcpyHostToDevice);
  po::detail::check_cuda("cudaGraphLaunch", cudaGraphLaunch(runnable, s.handle));
  const auto replayed = result.get();
  const auto again =
      po::loss_and_gradient(po::exec::cuda_stream{}, pipeline, direct.policy(), direct.reference(), direct.out()).get();
  DEVICE_CHECK(replayed.loss == again.loss);
  DEVICE_CHECK(same_bits(batch.gradient_rejected.values(), direct.gradient_rejected.values()));
  cudaGraphExecDestroy(runnable);
  cudaGraphDestroy(graph);
}

inline void errors_are_named() {
  const auto in = device_test::random_rows<float>(1, 10, 3, false, 0),
             other = device_test::random_rows<float>(1, 10, 4, false, 0);
  const device_batch<float, float> a(in), b(other);
  DEVICE_CHECK(message_of<std::invalid_argument>([&] {
                 po::loss_and_gradient(po::exec::cuda_stream{}, pipeline, a.policy(), b.reference(), a.out());
               }) == "dynamicpo::loss_and_gradient: policy is [10] + [10, 3], reference is [10] + [10, 4]");
  po::exec::cuda_workspace workspace;
  const std::string memory = message_of<po::cuda_error>([&] { workspace.reserve_bytes(std::size_t{1} << 50); });
  DEVICE_CHECK(memory.find("cudaMalloc failed with CUDA error 2: out of memory") != std::string::npos);
  cudaGetLastError();

  auto odd = in;
  odd.rejected[4] = std::numeric_limits<float>::quiet_NaN();
  const device_batch<float, float> c(odd);
  auto out = c.out();
  out.nonfinite = po::nonfinite::throw_;
  DEVICE_CHECK(message_of<std::domain_error>([&] {
                 po::loss_and_gradient(po::exec::cuda_stream{}, pipeline, c.policy(), c.reference(), out).get();
               }) == "dynamicpo::loss_and_gradient: row 1, rejected 1: the score is NaN or +inf (1 invalid in all)");
  auto none = a.out();
  none.gradient = none.gradient.slice(0, 0);
  const auto empty =
      po::loss_and_gradient(po::exec::cuda_stream{}, pipeline, a.policy().slice(0, 0), a.reference().slice(0, 0), none)
          .get();
  DEVICE_CHECK(empty.loss == 0 && empty.rows == 0);
}

inline void check() {
  const po::index count = rows_at_hand(3000);
  for (const po::index k : {5, 15, 40, 500, 1500}) {
    const auto dense = random_rows<float>(7, count, k, false, 0);
    runs_are_identical(dense);
    workspaces_are_shared(dense);
    runs_are_identical(odd_rows<float>(8, rows_at_hand(500), k));
    gradients_do_not_depend_on_the_split(dense);
    graph_replays(dense, random_rows<float>(9, count, k, false, 0));
  }
  for (const po::index k : {65, 700, 1024}) { rows_do_not_depend_on_where_columns_lie(k); }
  errors_are_named();
}

}  // namespace device_test::streams

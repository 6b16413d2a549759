// SPDX-License-Identifier: MIT
#pragma once

#include <thrust/system/cpp/execution_policy.h>
#include <thrust/system/omp/execution_policy.h>
#include <thrust/system/tbb/execution_policy.h>
#include <functional>
#include <string>

#include "dynamicpo/dynamicpo.hpp"
#include "dynamicpo/exec/thrust.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

/// The host systems of Thrust against seq, over the product of what a call can be made of.
namespace thrust_test {

namespace po = dynamicpo;

/// Any policy as one type: every pipeline is compiled once, not once a system.
struct erased {
  using space_type = po::space::host;
  std::string name;
  std::function<po::index(po::index)> lanes_of;
  std::function<void(po::index, std::function<void(po::index, po::index)>)> run;

  po::index lanes(po::index blocks) const { return lanes_of(blocks); }
  template <class Work>
  void for_each_block(po::index blocks, Work&& work) const {
    run(blocks, std::ref(work));
  }
};

template <class Exec>
erased erase(const char* name, const Exec& exec) {
  return {name, [exec](po::index blocks) { return exec.lanes(blocks); },
          [exec](po::index blocks, const auto& work) { exec.for_each_block(blocks, work); }};
}

/// `check(policy)` for each.
template <class Check>
void for_each_system(const Check& check) {
  check("thrust::seq", po::exec::thrust(::thrust::seq));
  check("thrust::cpp::par", po::exec::thrust(::thrust::cpp::par));
  check("thrust::omp::par", po::exec::thrust(::thrust::omp::par));
  check("thrust::tbb::par", po::exec::thrust(::thrust::tbb::par));
}

/// Enough rows for several blocks.
template <class T, class Select, class Beta, class Objective>
void require_bits_of_seq(const Select& select, const Beta& beta, const Objective& objective) {
  const po::pipeline pipeline{select, beta, objective};
  const auto seq = erase("seq", po::exec::seq);
  for (const char* shape : {"dense", "ragged", "masked"}) {
    const auto batch = test_support::random_batch<T>(31, 2100, 9, shape == std::string("ragged"));
    std::vector<std::uint8_t> mask(batch.policy.rejected.size());
    for (std::size_t i = 0; i < mask.size(); ++i) { mask[i] = i % 5 != 2 ? 1 : 0; }
    auto policy = batch.policy.view();
    if (shape == std::string("masked")) { policy = policy.with_mask(mask); }
    const auto run = [&](const erased& exec) {
      test_support::answer<T> found;
      found.gradient = test_support::table_like(policy, test_support::nan_of<T>);
      found.row_loss.assign(batch.policy.chosen.size(), test_support::nan_of<T>);
      found.beta.assign(batch.policy.rejected.size(), test_support::nan_of<T>);
      const auto result = po::loss_and_gradient(
          exec, pipeline, policy, batch.reference.view(),
          {.gradient = found.gradient.view(), .row_loss = found.row_loss, .effective_beta = found.beta});
      static_cast<po::row_counts&>(found.result) = result;
      found.result.loss = result.loss;
      return found;
    };
    const auto expected = run(seq);
    REQUIRE(expected.result.rows > 1024);
    for_each_system([&](const char* name, const auto& exec) {
      CAPTURE(name, shape);
      REQUIRE(test_support::same_bits(run(erase(name, exec)), expected));
    });
  }
}

/// Every selection with every beta under one objective, and what the other objectives change: their own code with rows
/// in lanes, sorted, and one by one.
template <class T>
void require_bits_of_seq() {
  const auto with = [&](const auto& beta) {
    require_bits_of_seq<T>(po::select::all{}, beta, po::objective::dmpo);
    require_bits_of_seq<T>(po::select::boundary{}, beta, po::objective::dmpo);
    require_bits_of_seq<T>(po::select::violators{}, beta, po::objective::dmpo);
    require_bits_of_seq<T>(po::select::top_k{3}, beta, po::objective::dmpo);
    require_bits_of_seq<T>(po::select::random_k{2}, beta, po::objective::dmpo);
  };
  with(po::beta::fixed{0.5});
  with(po::beta::dual_margin{});
  test_support::for_each_objective([&](const char* name, const auto& objective) {
    CAPTURE(name);
    require_bits_of_seq<T>(po::select::all{}, po::beta::fixed{0.5}, objective);
    require_bits_of_seq<T>(po::select::boundary{}, po::beta::dual_margin{}, objective);
    require_bits_of_seq<T>(po::select::top_k{3}, po::beta::fixed{0.5}, objective);
  });
}

}  // namespace thrust_test

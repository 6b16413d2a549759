// SPDX-License-Identifier: MIT
// What the types promise: views and pipelines go to threads and kernels by value; scalars are what one computes with.
#include <complex>
#include <concepts>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;

namespace {

template <class... Types>
constexpr bool goes_by_value =
    (... && (std::is_trivially_copyable_v<Types> && std::is_nothrow_copy_constructible_v<Types> &&
             std::is_nothrow_move_constructible_v<Types> && std::is_trivially_destructible_v<Types>));

template <class Objective>
constexpr bool pipelines_go_by_value =
    goes_by_value<decltype(po::vanilla(Objective{})), decltype(po::dynamic(Objective{})), Objective>;

static_assert(goes_by_value<po::scores<float>, po::scores<const double>, po::scores<float, po::space::device>,
                            po::strided_span<float>, po::strided_matrix<const float>, po::outputs<float>,
                            po::selection_outputs<float>, po::row_counts, po::invalid_row, po::instruments<double>>);
static_assert(goes_by_value<po::select::all, po::select::boundary, po::select::violators, po::select::top_k,
                            po::select::random_k, po::select::threshold, po::beta::fixed, po::beta::dual_margin,
                            po::exec::sequential, po::exec::threads, po::sample::philox_engine>);
static_assert(pipelines_go_by_value<std::remove_const_t<decltype(po::objective::dpo)>>);
static_assert(pipelines_go_by_value<std::remove_const_t<decltype(po::objective::dmpo)>>);
static_assert(pipelines_go_by_value<std::remove_const_t<decltype(po::objective::sdpo)>>);
static_assert(pipelines_go_by_value<std::remove_const_t<decltype(po::objective::mppo)>>);
static_assert(pipelines_go_by_value<decltype(po::objective::ipo(1.0))>);
static_assert(pipelines_go_by_value<decltype(po::objective::slic())>);
static_assert(pipelines_go_by_value<decltype(po::objective::simpo(1.0))>);
static_assert(pipelines_go_by_value<decltype(po::objective::smoothed_dpo(0.1))>);

// Pipelines are constants where their parameters are.
constexpr auto constant = po::dynamic(po::objective::dmpo, {.base = 0.1, .gamma = 2.0});
static_assert(constant.beta.gamma == 2.0);
constexpr po::pipeline spelled_out{po::select::boundary{}, po::beta::dual_margin{.base = 1.0, .gamma = 6.0},
                                   po::objective::dmpo};
static_assert(std::same_as<decltype(constant), decltype(spelled_out)>);
static_assert(po::beta::dual_margin{}.gamma == 6.0 && po::beta::dual_margin{}.alpha == 0.5);

static_assert(po::scalar<float> && po::scalar<double> && po::scalar<long double>);
static_assert(!po::scalar<int> && !po::scalar<std::int64_t> && !po::scalar<bool> && !po::scalar<std::string>);
static_assert(!po::scalar<std::complex<double>>);
static_assert(!po::score_value<std::uint16_t> && !po::score_value<std::int8_t>);
static_assert(std::same_as<po::accumulator_of<float>, double> && std::same_as<po::accumulator_of<const float>, double>);
static_assert(std::same_as<po::compute_of<double>, double>);

static_assert(po::selection<po::select::boundary, float> && po::selection<po::select::random_k, double>);
static_assert(!po::selection<po::beta::fixed, float>);
static_assert(po::beta_rule<po::beta::dual_margin, float> && !po::beta_rule<po::select::all, float>);
static_assert(po::objective_for<decltype(po::objective::ipo(1.0)), double>);
static_assert(!po::objective_for<po::select::all, double>);
static_assert(po::execution_policy<po::exec::threads> && !po::execution_policy<int>);
static_assert(std::uniform_random_bit_generator<po::sample::philox_engine>);

static_assert(std::convertible_to<po::scores<float>, po::scores<const float>>);
static_assert(!std::convertible_to<po::scores<float>, po::scores<const float, po::space::device>>);

}  // namespace

TEST_CASE("the types keep their promises, or this file would not compile") { SUCCEED(); }

// SPDX-License-Identifier: MIT
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "device/device_test.cuh"
#include "device/host_selections.hpp"
#include "dynamicpo/objective/sdpo.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "dynamicpo/select_negatives.cuh"
#include "support/message_of.hpp"

// The lists that seq makes, of every row; means of the rest within rounding.
namespace {

namespace po = dynamicpo;
using device_test::device_array;
using device_test::rows;
using device_test::rows_at_hand;
using device_test::selections;
using test_support::message_of;

/// Rows on the device, with room for what a selection writes.
template <class T>
struct selection_batch {
  explicit selection_batch(const rows<T>& in, const std::vector<std::uint8_t>& masked = {})
      : dense{in.dense()},
        has_mask{!masked.empty()},
        longest{in.longest()},
        chosen(in.chosen),
        rejected(in.rejected),
        row_offsets(in.offsets),
        mask(masked),
        offsets(in.chosen.size() + 1),
        slots(in.rejected.size()),
        rule(in.chosen.size()),
        mean_rest(in.chosen.size()) {}

  po::scores<const T, po::space::device> policy() const {
    const auto all = dense ? po::view(chosen.cspan(), rejected.cspan())
                           : po::view(chosen.cspan(), rejected.cspan(), row_offsets.cspan(), longest);
    return has_mask ? all.with_mask(std::span(mask.cspan().data(), static_cast<std::size_t>(mask.cspan().size())))
                    : all;
  }
  po::selection_outputs<T, po::space::device> out() const {
    return {.offsets = offsets.span(),
            .slots = slots.span(),
            .rule = rule.span(),
            .mean_rest = mean_rest.span(),
            .nonfinite = po::nonfinite::skip};
  }
  selections<T> found(const po::selection_counts& counts) const {
    selections<T> all{counts, counts.selected, offsets.values(), slots.values(), rule.values(), mean_rest.values()};
    all.slots.resize(static_cast<std::size_t>(counts.selected));
    return all;
  }

  bool dense, has_mask;
  po::index longest;
  device_array<T> chosen, rejected;
  device_array<std::int64_t> row_offsets;
  device_array<std::uint8_t> mask;
  device_array<std::int64_t> offsets;
  device_array<std::int32_t> slots;
  device_array<po::selection_rule> rule;
  device_array<T> mean_rest;
};

template <class T>
void check_same(const selections<T>& found, const selections<T>& expected, double scores) {
  DEVICE_CHECK(device_test::same_counts(found.counts, expected.counts));
  DEVICE_CHECK(found.selected == expected.selected);
  DEVICE_CHECK(found.offsets == expected.offsets);
  DEVICE_CHECK(found.slots == expected.slots);
  DEVICE_CHECK(found.rule == expected.rule);
  // Sums of double, which no wider number holds, round differently in another order.
  DEVICE_CHECK(device_test::near(found.mean_rest, expected.mean_rest, std::is_same_v<T, double> ? 64 : 4, scores));
}

template <class T, class Select>
void check(const Select& select, const rows<T>& in, const std::vector<std::uint8_t>& mask = {}) {
  const selection_batch<T> batch(in, mask);
  const auto counts = po::select_negatives(po::exec::cuda_stream{}, select, batch.policy(), batch.out()).get();
  check_same(batch.found(counts), device_test::host_selections<T>(select, in, mask), device_test::greatest_score(in));
}

std::vector<std::uint8_t> random_mask(std::size_t size) {
  po::sample::philox_engine random{5};
  std::vector<std::uint8_t> mask;
  for (std::size_t i = 0; i < size; ++i) { mask.push_back(random.below(4) == 0 ? 0 : 1); }
  return mask;
}

/// Rows of every length class, odd ones, masked ones and the golden ones.
template <class T, class Select>
void check_lengths(const Select& select) {
  for (const po::index k : {1, 4, 7, 15, 32, 50, 65, 300, 1024, 1500}) {
    const auto seed = static_cast<std::uint64_t>(k);
    const po::index count = rows_at_hand(k > 64 ? 50 : 1000);
    const auto dense = device_test::random_rows<T>(seed, count, k, false, -1200);
    check(select, dense);
    check(select, dense, random_mask(dense.rejected.size()));
    check(select, device_test::random_rows<T>(seed, count, k, true, 0));
  }
  check(select, device_test::odd_rows<T>(3, 2000, 6));
  check(select, device_test::odd_rows<T>(4, 100, 60));
  for (const rows<T>& golden : device_test::golden_rows<T>()) { check(select, golden); }
}

/// More chunks than the block that adds them up has threads, and more rows a chunk than one that writes lists.
void check_sums(po::index count, po::index rows_per_chunk) {
  const auto in = device_test::random_rows<float>(6, count, 3, true, 0);
  const auto expected = device_test::host_selections<float>(po::select::violators{}, in, {});
  po::detail::chunk_plan plan;
  plan.rows = count;
  plan.rows_per_chunk = rows_per_chunk;
  plan.chunks = (count + rows_per_chunk - 1) / rows_per_chunk;
  std::vector<po::detail::batch_total<double>> totals(static_cast<std::size_t>(plan.chunks));
  std::vector<std::int64_t> counts(expected.offsets.size());
  for (std::size_t row = 0; row + 1 < counts.size(); ++row) {
    counts[row + 1] = expected.offsets[row + 1] - expected.offsets[row];
    totals[row / static_cast<std::size_t>(rows_per_chunk)].loss += static_cast<double>(counts[row + 1]);
  }
  const selection_batch<float> batch(in);
  const device_array<po::detail::batch_total<double>> chunk(totals);
  const device_array<std::int64_t> offsets(counts), first_of_chunk(totals.size());
  po::detail::launch_kernel(nullptr, 1, po::detail::threads_of_sum, po::detail::sum_chunks<double>, plan.chunks,
                            chunk.cspan().data(), first_of_chunk.span().data());
  // Violators: the least selected score is the chosen one.
  po::detail::launch_kernel(nullptr, plan.chunks, po::detail::threads_per_block, po::detail::write_lists<const float>,
                            batch.policy(), plan, first_of_chunk.cspan().data(), batch.chosen.cspan().data(),
                            offsets.span().data(), batch.slots.span().data());
  DEVICE_CHECK(offsets.values() == expected.offsets);
  auto slots = batch.slots.values();
  slots.resize(expected.slots.size());
  DEVICE_CHECK(slots == expected.slots);
}

void parts_are_as_the_whole() {
  const auto in = device_test::random_rows<float>(7, 90, 20, true, 0);
  const auto expected = device_test::host_selections<float>(po::select::boundary{}, in, {});
  const selection_batch<float> batch(in);
  const po::index first = 40, count = 30;
  auto out = batch.out();
  out.mean_rest = {};
  const auto part = batch.policy().slice(first, count);
  po::select_negatives(po::exec::cuda_stream{}, po::select::boundary{}, part, out).get();
  const auto offsets = batch.offsets.values();
  const auto slots = batch.slots.values();
  DEVICE_CHECK(offsets[0] == 0);
  for (std::size_t row = 0; row < static_cast<std::size_t>(count); ++row) {
    const auto from = expected.offsets[static_cast<std::size_t>(first) + row];
    const auto size = expected.offsets[static_cast<std::size_t>(first) + row + 1] - from;
    DEVICE_CHECK(offsets[row + 1] - offsets[row] == size);
    for (std::int64_t j = 0; j < size; ++j) {
      DEVICE_CHECK(slots[static_cast<std::size_t>(offsets[row] + j)] ==
                   expected.slots[static_cast<std::size_t>(from + j)]);
    }
  }

  // Counts alone, and nothing written but the rules.
  const selection_batch<float> bare(in);
  const auto counts =
      po::select_negatives(po::exec::cuda_stream{}, po::select::boundary{}, bare.policy(), {.rule = bare.rule.span()})
          .get();
  DEVICE_CHECK(counts.selected == expected.selected && bare.rule.values() == expected.rule);
}

/// One workspace for selections and losses in turn, none of which makes it grow; and in a graph.
void workspaces_and_graphs() {
  const auto in = device_test::random_rows<float>(8, 70, 90, true, 0);
  const auto expected = device_test::host_selections<float>(po::select::boundary{}, in, {});
  const device_test::device_batch<float, float> scores(in);
  const selection_batch<float> batch(in);
  po::exec::cuda_workspace workspace;
  workspace.reserve(in.count(), in.longest());
  const void* const memory = workspace.data();
  cudaStream_t stream = nullptr;
  po::detail::check_cuda("cudaStreamCreate", cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  const po::exec::cuda_stream exec{stream, &workspace};
  double losses[2] = {};
  for (double& loss : losses) {
    loss = static_cast<double>(po::loss(exec, po::vanilla(po::objective::sdpo), scores.policy(), scores.reference(),
                                        {.nonfinite = po::nonfinite::skip})
                                   .get()
                                   .loss);
    const auto counts = po::select_negatives(exec, po::select::boundary{}, batch.policy(), batch.out()).get();
    check_same(batch.found(counts), expected, 10);
  }
  DEVICE_CHECK(losses[0] == losses[1]);

  po::detail::check_cuda("cudaStreamBeginCapture", cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  const auto pending = po::select_negatives(exec, po::select::boundary{}, batch.policy(), batch.out());
  cudaGraph_t graph = nullptr;
  po::detail::check_cuda("cudaStreamEndCapture", cudaStreamEndCapture(stream, &graph));
  cudaGraphExec_t runnable = nullptr;
  po::detail::check_cuda("cudaGraphInstantiate", cudaGraphInstantiate(&runnable, graph, 0));
  for (int replay = 0; replay < 2; ++replay) {
    const std::vector<std::int64_t> none(in.chosen.size() + 1, -1);
    cudaMemcpy(batch.offsets.span().data(), none.data(), none.size() * sizeof(none[0]), cudaMemcpyHostToDevice);
    po::detail::check_cuda("cudaGraphLaunch", cudaGraphLaunch(runnable, stream));
    check_same(batch.found(pending.get()), expected, 10);
  }
  DEVICE_CHECK(workspace.data() == memory);
  cudaGraphExecDestroy(runnable);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
}

void errors_are_named() {
  auto in = device_test::random_rows<float>(9, 10, 3, false, 0);
  const selection_batch<float> batch(in);
  const auto message = [&](const po::selection_outputs<float, po::space::device>& out) {
    return message_of<std::invalid_argument>(
        [&] { po::select_negatives(po::exec::cuda_stream{}, po::select::all{}, batch.policy(), out); });
  };
  const auto shorter = [](const auto& span) { return po::device_span{span.data(), span.size() - 1}; };
  DEVICE_CHECK(message({.offsets = batch.offsets.span()}) ==
               "dynamicpo::select_negatives: offsets and slots go together, one of them is missing");
  DEVICE_CHECK(message({.slots = batch.slots.span()}) ==
               "dynamicpo::select_negatives: offsets and slots go together, one of them is missing");
  DEVICE_CHECK(message({.offsets = shorter(batch.offsets.span()), .slots = batch.slots.span()}) ==
               "dynamicpo::select_negatives: offsets has 10 entries, expected 11");
  DEVICE_CHECK(message({.offsets = batch.offsets.span(), .slots = shorter(batch.slots.span())}) ==
               "dynamicpo::select_negatives: slots has 29 entries, expected 30");
  DEVICE_CHECK(message({.rule = shorter(batch.rule.span())}) ==
               "dynamicpo::select_negatives: rule has 9 entries, expected 10");
  DEVICE_CHECK(message({.mean_rest = shorter(batch.mean_rest.span())}) ==
               "dynamicpo::select_negatives: mean_rest has 9 entries, expected 10");
  DEVICE_CHECK(message(batch.out()).empty());

  in.rejected[4] = std::numeric_limits<float>::quiet_NaN();
  const selection_batch<float> odd(in);
  auto out = odd.out();
  out.nonfinite = po::nonfinite::throw_;
  DEVICE_CHECK(message_of<std::domain_error>([&] {
                 po::select_negatives(po::exec::cuda_stream{}, po::select::all{}, odd.policy(), out).get();
               }) == "dynamicpo::select_negatives: row 1, rejected 1: the score is NaN or +inf (1 invalid in all)");

  const auto none = po::select_negatives(po::exec::cuda_stream{}, po::select::all{}, batch.policy().slice(0, 0),
                                         {.offsets = batch.offsets.span()})
                        .get();
  DEVICE_CHECK(none.selected == 0 && none.rows == 0 && batch.offsets.values()[0] == 0);
}

}  // namespace

int main() {
  return device_test::run([] {
    check_lengths<float>(po::select::boundary{});
    check_lengths<double>(po::select::boundary{});
    check_lengths<float>(po::select::top_k{5});
    check_lengths<float>(po::select::violators{});
    check_lengths<float>(po::select::threshold{-1.5});
    check_lengths<float>(po::select::all{});
    for (const double gap : {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
      check(po::select::threshold{gap}, device_test::odd_rows<float>(5, 200, 6));
    }
    check(po::select::top_k{0}, device_test::random_rows<float>(10, 20, 6, true, 0));
    check_sums(3000, 1);
    check_sums(3000, 700);
    parts_are_as_the_whole();
    workspaces_and_graphs();
    errors_are_named();
  });
}

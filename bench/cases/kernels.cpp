// SPDX-License-Identifier: MIT
#include "cases/kernels.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include "cases/batch.hpp"
#include "dynamicpo/dynamicpo.hpp"
#include "twins/raw.hpp"
#include "twins/triad.hpp"

namespace po = dynamicpo;

namespace bench {
namespace {

/// The batch last asked for: cases that differ in the objective or the policy alone find it again.
template <class T>
std::shared_ptr<batch<T>> shared_batch(bench_case wanted) {
  static bench_case held_for;
  static std::shared_ptr<batch<T>> held;
  wanted.rows = rows_of(wanted);
  wanted.violators = std::max(wanted.violators, 0);
  wanted.threads = wanted.dynamic = false;
  if (wanted.work != work::select) { wanted.work = work::dmpo; }
  if (!held || wanted != held_for) {
    held.reset();
    held = std::make_shared<batch<T>>(make_batch<T>(wanted));
    held_for = wanted;
  }
  return held;
}

/// Runs rows_work(first, last) over all rows where the case says; blocks of about 16384 scores on threads.
template <class RowsWork>
void over_rows(const bench_case& wanted, std::int64_t rows, const RowsWork& rows_work) {
  if (!wanted.threads) { return rows_work(std::int64_t{0}, rows); }
  const std::int64_t block = 1 + 16384 / (1 + wanted.negatives);
  po::exec::threads{}.for_each_block((rows + block - 1) / block, [&](po::index i, po::index) {
    rows_work(i * block, std::min(rows, (i + 1) * block));
  });
}

/// exec::seq or exec::threads, as the case says, behind one call a block: so each kernel is compiled once for both.
struct policy_of {
  using space_type = po::space::host;
  bool threads = false;

  po::index lanes(po::index blocks) const { return threads ? po::exec::threads{}.lanes(blocks) : 1; }
  template <class Work>
  void for_each_block(po::index blocks, Work&& work) const {
    const std::function<void(po::index, po::index)> block_work = std::ref(work);
    if (threads) {
      po::exec::threads{}.for_each_block(blocks, block_work);
    } else {
      po::exec::seq.for_each_block(blocks, block_work);
    }
  }
};

template <class T, class Pipeline>
std::function<void()> loss_kernel(const bench_case& wanted, std::shared_ptr<batch<T>> data, Pipeline pipeline) {
  return [=, exec = policy_of{wanted.threads}, memory = std::make_shared<po::workspace<T>>()] {
    po::loss_and_gradient(exec, pipeline, data->policy(), data->reference(),
                          {.gradient = data->gradient(), .row_loss = data->row_loss, .workspace = memory.get()});
  };
}

template <class T, class Objective>
std::function<void()> loss_kernel_of(const bench_case& wanted, std::shared_ptr<batch<T>> data, Objective objective) {
  return wanted.dynamic ? loss_kernel(wanted, data, po::dynamic(objective))
                        : loss_kernel(wanted, data, po::vanilla(objective));
}

template <class T>
std::function<void()> select_kernel(const bench_case& wanted, std::shared_ptr<batch<T>> data) {
  return [=, exec = policy_of{wanted.threads}, memory = std::make_shared<po::workspace<T>>()] {
    po::select_negatives(exec, po::select::boundary{}, data->policy(),
                         {.offsets = data->selected_offsets, .slots = data->selected_slots, .workspace = memory.get()});
  };
}

template <class T>
std::function<void()> kernel_of(const bench_case& wanted, std::shared_ptr<batch<T>> data) {
  switch (wanted.work) {
    case work::dmpo:
      return loss_kernel_of(wanted, data, po::objective::dmpo);
    case work::sdpo:
      return loss_kernel_of(wanted, data, po::objective::sdpo);
    case work::mppo:
      return loss_kernel_of(wanted, data, po::objective::mppo);
    case work::select:
      return select_kernel(wanted, data);
  }
  throw std::logic_error("no such kernel");
}

template <class T>
raw::twin<T> raw_twin(const bench_case& wanted) {
  if (wanted.layout != layout::dense) { return nullptr; }
  if (wanted.dynamic) { return wanted.work == work::dmpo ? raw::dmpo_dynamic<T>(wanted.negatives) : nullptr; }
  switch (wanted.work) {
    case work::dmpo:
      return raw::dmpo<T>;
    case work::sdpo:
      return raw::sdpo<T>;
    case work::mppo:
      return raw::mppo<T>;
    case work::select:
      return nullptr;
  }
  return nullptr;
}

template <class T>
fingerprint outputs_of(const batch<T>& data) {
  return {magnitude_of(data.row_loss), magnitude_of(data.gradient_chosen), magnitude_of(data.gradient_rejected)};
}

template <class T>
fingerprint kernel_fingerprint(const bench_case& wanted) {
  const auto data = shared_batch<T>(wanted);
  kernel_of<T>(wanted, data)();
  return outputs_of(*data);
}

template <class T>
kernel_runs prepare_for(const bench_case& wanted) {
  const auto data = shared_batch<T>(wanted);
  kernel_runs runs{kernel_of<T>(wanted, data), {}, {}, data->rows};
  runs.kernel();
  if (wanted.work == work::select) {
    runs.triad = [=, selected = data->selected_offsets.back()] {
      over_rows(wanted, data->rows,
                [&](std::int64_t first, std::int64_t last) { triad_select(*data, selected, first, last); });
    };
  } else {
    runs.triad = [=] {
      over_rows(wanted, data->rows, [&](std::int64_t first, std::int64_t last) {
        triad_loss(*data, wanted.work != work::mppo, first, last);
      });
    };
  }
  if (const auto twin = raw_twin<T>(wanted)) {
    const fingerprint expected = outputs_of(*data);
    const raw::dense_rows<T> rows{data->chosen.data(),
                                  data->rejected.data(),
                                  data->reference_chosen.data(),
                                  data->reference_rejected.data(),
                                  data->gradient_chosen.data(),
                                  data->gradient_rejected.data(),
                                  data->row_loss.data(),
                                  data->negatives,
                                  T(1) / static_cast<T>(data->rows)};
    runs.raw = [=] {
      over_rows(wanted, data->rows, [&](std::int64_t first, std::int64_t last) { twin(rows, first, last); });
    };
    runs.raw();
    if (!outputs_of(*data).agrees(expected)) {
      throw std::runtime_error(name_of(wanted) + ": the raw twin's loss or gradient is not the kernel's");
    }
  }
  runs.triad();
  return runs;
}

template <class T>
std::function<void()> sort_of_rows(const bench_case& wanted) {
  const auto data = shared_batch<T>(wanted);
  return [data, row = std::vector<T>(static_cast<std::size_t>(data->negatives))]() mutable {
    for (auto from = data->rejected.begin(); from != data->rejected.end(); from += data->negatives) {
      std::copy(from, from + data->negatives, row.begin());
      std::sort(row.begin(), row.end());
    }
  };
}

}  // namespace

kernel_runs prepare(const bench_case& wanted) {
  return wanted.double_precision ? prepare_for<double>(wanted) : prepare_for<float>(wanted);
}

void expect_agreement(const bench_case& wanted, const fingerprint& found) {
  const fingerprint expected =
      wanted.double_precision ? kernel_fingerprint<double>(wanted) : kernel_fingerprint<float>(wanted);
  if (!found.agrees(expected)) { throw std::runtime_error("the loss or the gradient is not the library's"); }
}

bool has_raw_twin(const bench_case& wanted) { return raw_twin<float>(wanted) != nullptr; }

std::function<void()> prepare_sort(const bench_case& wanted) {
  return wanted.double_precision ? sort_of_rows<double>(wanted) : sort_of_rows<float>(wanted);
}

std::string compiled_for() {
#if defined(__AVX512F__)
  return "native (AVX-512)";
#elif defined(__AVX2__)
  return "native (AVX2)";
#elif defined(__SSE2__)
  return "plain (SSE2)";
#else
  return "plain";
#endif
}

}  // namespace bench

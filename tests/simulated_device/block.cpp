// SPDX-License-Identifier: MIT
#undef _FORTIFY_SOURCE  // its longjmp takes a jump to another stack for a mistake

#include "simulated_device/block.hpp"

#include <bit>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <ucontext.h>

// The address sanitizer wants to be told which stack is the current one.
#if defined(__SANITIZE_ADDRESS__)
#define SIMULATED_DEVICE_TELLS_STACKS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIMULATED_DEVICE_TELLS_STACKS
#endif
#endif
#if defined(SIMULATED_DEVICE_TELLS_STACKS)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

// Jumps between stacks: a switch by swapcontext asks the kernel for the mask of signals, each time. The library's jumps
// are slow under the address sanitizer, which takes each for an exception that unwinds the stack. GCC's own believe
// that nothing happens between a jump and its return.
#if defined(SIMULATED_DEVICE_TELLS_STACKS) && defined(__clang__) && defined(__x86_64__)
using jump_buffer = void* [5];
#define SIMULATED_DEVICE_SET_JUMP(at) __builtin_setjmp(at)
#define SIMULATED_DEVICE_JUMP(at) __builtin_longjmp(at, 1)
#else
using jump_buffer = std::jmp_buf;
#define SIMULATED_DEVICE_SET_JUMP(at) _setjmp(at)
#define SIMULATED_DEVICE_JUMP(at) _longjmp(at, 1)
#endif

simulated_device::dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace dynamicpo::inline v1::detail {
/// Of the block that runs; declared in detail/warp.cuh.
alignas(16) extern std::byte launched_memory[];
alignas(16) std::byte launched_memory[simulated_device::most_launched_memory];
}  // namespace dynamicpo::inline v1::detail

namespace simulated_device {
namespace {

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "simulated device: %s\n", why);
  std::abort();
}

/// Steps that threads made: a round without one would be followed by none.
std::uint64_t steps = 0;

/// Where threads wait for each other: those that came since the last time they went on.
struct barrier {
  unsigned arrived = 0, truths = 0, truths_before = 0;
  std::uint64_t times = 0;

  void arrive(bool truth) {
    ++arrived;
    truths += truth ? 1 : 0;
    ++steps;
  }
  void open_if(unsigned expected) {
    if (arrived == 0 || arrived < expected) { return; }
    truths_before = truths;
    arrived = truths = 0;
    ++times;
  }
};

/// Lanes of a warp that work together are told by the first of them. Of the words two sets are kept: some read the last
/// while others write the next.
struct lane_group {
  barrier here;
  unsigned mask = 0;
  std::uint64_t words[2][32] = {};
};

/// The memory of a stack. `leave` and `arrive` stand around each switch, on either side of it.
struct stack_bounds {
  const void* bottom = nullptr;
  std::size_t size = 0;
  void* kept = nullptr;

  static void leave([[maybe_unused]] stack_bounds& own, [[maybe_unused]] const stack_bounds& next) {
#if defined(SIMULATED_DEVICE_TELLS_STACKS)
    __sanitizer_start_switch_fiber(&own.kept, next.bottom, next.size);
#endif
  }
  static void arrive([[maybe_unused]] stack_bounds& own, [[maybe_unused]] stack_bounds& before) {
#if defined(SIMULATED_DEVICE_TELLS_STACKS)
    __sanitizer_finish_switch_fiber(own.kept, &before.bottom, &before.size);
#endif
  }
};

struct fiber {
  static constexpr std::size_t stack_bytes = 256 * 1024;
  std::unique_ptr<std::byte[]> stack{new std::byte[stack_bytes]};
  stack_bounds bounds{stack.get(), stack_bytes};
  ucontext_t start{};
  jump_buffer at{};
  bool begun = false, ended = false;
};

struct block_state {
  std::vector<fiber> fibers;
  std::vector<lane_group> groups;
  barrier all;
  jump_buffer scheduler{};
  stack_bounds scheduler_bounds;
  unsigned current = 0, living = 0;
  const std::function<void()>* work = nullptr;
};
block_state* running = nullptr;

[[gnu::no_sanitize_address]] void yield() {
  fiber& own = running->fibers[running->current];
  stack_bounds::leave(own.bounds, running->scheduler_bounds);
  if (SIMULATED_DEVICE_SET_JUMP(own.at) == 0) { SIMULATED_DEVICE_JUMP(running->scheduler); }
  stack_bounds::arrive(running->fibers[running->current].bounds, running->scheduler_bounds);
}

template <class Ready>
void wait_until(const Ready& ready) {
  while (!ready()) { yield(); }
}

// For one block after another: what the sanitizer keeps for a stack is dear to make and to give back.
void begin() {
  stack_bounds::arrive(running->fibers[running->current].bounds, running->scheduler_bounds);
  for (;;) {
    (*running->work)();
    running->fibers[running->current].ended = true;
    --running->living;
    ++steps;
    running->all.open_if(running->living);
    yield();
  }
}

/// Onto the stack of a thread. It goes on there, or begins.
[[noreturn, gnu::no_sanitize_address]] void jump_to(fiber& next) {
  if (next.begun) { SIMULATED_DEVICE_JUMP(next.at); }
  next.begun = true;
  if (getcontext(&next.start) != 0) { give_up("no context"); }
  next.start.uc_stack.ss_sp = next.stack.get();
  next.start.uc_stack.ss_size = fiber::stack_bytes;
  next.start.uc_link = nullptr;
  makecontext(&next.start, begin, 0);
  setcontext(&next.start);
  give_up("no other stack");
}

[[gnu::no_sanitize_address]] void resume(unsigned thread) {
  running->current = thread;
  threadIdx.x = thread;
  stack_bounds::leave(running->scheduler_bounds, running->fibers[thread].bounds);
  if (SIMULATED_DEVICE_SET_JUMP(running->scheduler) == 0) { jump_to(running->fibers[running->current]); }
  stack_bounds::arrive(running->scheduler_bounds, running->fibers[running->current].bounds);
}

}  // namespace

unsigned wait_for_block(bool truth) {
  barrier& here = running->all;
  const std::uint64_t times = here.times;
  here.arrive(truth);
  here.open_if(running->living);
  wait_until([&] { return here.times != times; });
  return here.truths_before;
}

warp_words::warp_words(unsigned mask, std::uint64_t own) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32 * 32;
  if ((mask >> lane & 1u) == 0) { give_up("a thread waits for a group it is not of"); }
  lane_group& group = running->groups[warp + static_cast<unsigned>(std::countr_zero(mask))];
  if (group.here.arrived == 0) { group.mask = mask; }
  if (group.mask != mask) { give_up("threads of a group do not agree on who is of it"); }
  const std::uint64_t times = group.here.times;
  words_ = group.words[times % 2];
  group.words[times % 2][lane] = own;
  group.here.arrive(false);
  group.here.open_if(static_cast<unsigned>(std::popcount(mask)));
  wait_until([&] { return group.here.times != times; });
}

namespace {

/// A block finds no zeros in its launched memory, nor what the block before left; what is past it is out of bounds.
void renew_launched_memory(std::size_t bytes) {
  std::byte* const memory = dynamicpo::detail::launched_memory;
#if defined(SIMULATED_DEVICE_TELLS_STACKS)
  ASAN_UNPOISON_MEMORY_REGION(memory, most_launched_memory);
  ASAN_POISON_MEMORY_REGION(memory + bytes, most_launched_memory - bytes);
#endif
  std::memset(memory, 0xa5, bytes);
}

}  // namespace

void run(unsigned blocks, unsigned threads, std::size_t shared_bytes, const std::function<void()>& work) {
  if (running != nullptr) { give_up("a kernel starts a kernel"); }
  static block_state state;
  if (state.fibers.size() < threads) { state.fibers.resize(threads); }
  state.groups.resize((threads + 31) / 32 * 32);
  state.work = &work;
  running = &state;
  gridDim.x = blocks;
  blockDim.x = threads;
  for (unsigned block = 0; block < blocks; ++block) {
    blockIdx.x = block;
    renew_launched_memory(shared_bytes);
    state.living = threads;
    state.all = {};
    for (lane_group& group : state.groups) { group.here = {}; }
    for (unsigned t = 0; t < threads; ++t) { state.fibers[t].ended = false; }
    while (state.living > 0) {
      const std::uint64_t before = steps;
      for (unsigned t = 0; t < threads; ++t) {
        if (!state.fibers[t].ended) { resume(t); }
      }
      if (steps == before) { give_up("its threads wait for each other without end"); }
    }
  }
  running = nullptr;
}

}  // namespace simulated_device

// A bytecode interpreter with computed gotos: one indirect branch per instruction, as interpreters of real languages have.
// Its program sieves the primes below 4096 and sums a hash of all Collatz runs that start below 256.
#include "kernel.h"
#include "work.h"

enum { PUSH, LOAD, STORE, ADD, MUL, MOD, SHR, XOR, AND, LESS, JUMP, JUMP_IF_ZERO, GET, SET, HALT };
enum { I, J, COUNT, N, STEPS, HASH };
#define LIMIT 4096

static int16_t *const code = (int16_t *)work;
static uint8_t *const sieve = work + 4096;
static int16_t length;

static void op(int16_t opcode) { code[length++] = opcode; }

static void op1(int16_t opcode, int16_t operand)
{
    op(opcode);
    op(operand);
}

static int16_t forward(int16_t opcode) // a branch whose target `land` fills in
{
    op1(opcode, 0);
    return length - 1;
}

static void land(int16_t branch) { code[branch] = length; }

static void add_to(int16_t variable, int16_t constant)
{
    op1(LOAD, variable);
    op1(PUSH, constant);
    op(ADD);
    op1(STORE, variable);
}

static void set(int16_t variable, int16_t constant)
{
    op1(PUSH, constant);
    op1(STORE, variable);
}

static int16_t unless_below(int16_t variable, int16_t limit)
{
    op1(LOAD, variable);
    op1(PUSH, limit);
    op(LESS);
    return forward(JUMP_IF_ZERO);
}

static void emit_sieve(void)
{
    set(COUNT, 0);
    set(I, 2);
    int16_t outer = length, done = unless_below(I, LIMIT);
    op1(LOAD, I);
    op(GET);
    int16_t prime = forward(JUMP_IF_ZERO), composite = forward(JUMP);
    land(prime);
    add_to(COUNT, 1);
    op1(LOAD, I);
    op1(STORE, J);
    int16_t inner = length, marked = unless_below(J, LIMIT);
    op1(LOAD, J);
    op1(PUSH, 1);
    op(SET);
    op1(LOAD, J);
    op1(LOAD, I);
    op(ADD);
    op1(STORE, J);
    op1(JUMP, inner);
    land(marked);
    land(composite);
    add_to(I, 1);
    op1(JUMP, outer);
    land(done);
}

static void emit_collatz(void)
{
    set(HASH, 0);
    set(I, 1);
    int16_t outer = length, done = unless_below(I, 256);
    op1(LOAD, I);
    op1(STORE, N);
    set(STEPS, 0);
    int16_t inner = length;
    op1(PUSH, 1);
    op1(LOAD, N);
    op(LESS);
    int16_t ended = forward(JUMP_IF_ZERO);
    add_to(STEPS, 1);
    op1(LOAD, N);
    op1(PUSH, 1);
    op(AND);
    int16_t even = forward(JUMP_IF_ZERO);
    op1(LOAD, N);
    op1(PUSH, 3);
    op(MUL);
    op1(PUSH, 1);
    op(ADD);
    op1(STORE, N);
    op1(JUMP, inner);
    land(even);
    op1(LOAD, N);
    op1(PUSH, 1);
    op(SHR);
    op1(STORE, N);
    op1(JUMP, inner);
    land(ended);
    op1(LOAD, HASH);
    op1(LOAD, STEPS);
    op(XOR);
    op1(PUSH, 31);
    op(MUL);
    op1(PUSH, 8191);
    op(MOD);
    op1(STORE, HASH);
    add_to(I, 1);
    op1(JUMP, outer);
    land(done);
}

static void setup(void)
{
    length = 0;
    emit_sieve();
    emit_collatz();
    op(HALT);
}

static uint64_t unit(void)
{
    static const void *const labels[] = {&&push, &&load, &&store, &&add, &&mul, &&mod, &&shr, &&xor,
                                         &&and, &&less, &&jump, &&jump_if_zero, &&get, &&set, &&halt};
    int64_t stack[16], *sp = stack, variables[8] = {0};
    const int16_t *pc = code;
    for (int i = 0; i < LIMIT; i++)
        sieve[i] = 0;
#define NEXT goto *labels[*pc++]
    NEXT;
push:
    *sp++ = *pc++;
    NEXT;
load:
    *sp++ = variables[*pc++];
    NEXT;
store:
    variables[*pc++] = *--sp;
    NEXT;
add:
    sp--;
    sp[-1] += *sp;
    NEXT;
mul:
    sp--;
    sp[-1] *= *sp;
    NEXT;
mod:
    sp--;
    sp[-1] %= *sp;
    NEXT;
shr:
    sp--;
    sp[-1] >>= *sp;
    NEXT;
xor:
    sp--;
    sp[-1] ^= *sp;
    NEXT;
and:
    sp--;
    sp[-1] &= *sp;
    NEXT;
less:
    sp--;
    sp[-1] = sp[-1] < *sp;
    NEXT;
jump:
    pc = code + *pc;
    NEXT;
jump_if_zero:
    pc = *--sp ? pc + 1 : code + *pc;
    NEXT;
get:
    sp[-1] = sieve[sp[-1]];
    NEXT;
set:
    sp -= 2;
    sieve[sp[0]] = (uint8_t)sp[1];
    NEXT;
halt:
    return (uint64_t)(variables[COUNT] << 32 | variables[HASH]);
}

const struct kernel kernel_interp = {"interp", setup, unit, 0x2340000073eul, 0};

// A linked list of 16384 nodes in shuffled memory: chased, reversed, and merge sorted.
#include "kernel.h"
#include "work.h"

#define NODES 16384u

struct node {
    struct node *next;
    uint64_t value;
    uint64_t payload[2];
};

static struct node *const nodes = (struct node *)work;

static struct node *build(void)
{
    uint32_t *order = (uint32_t *)(nodes + NODES);
    uint64_t seed = 99;
    for (uint32_t i = 0; i < NODES; i++)
        order[i] = i;
    for (uint32_t i = NODES - 1; i > 0; i--) { // Fisher-Yates
        uint32_t j = (uint32_t)(next_random(&seed) % (i + 1)), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (uint32_t i = 0; i < NODES; i++) {
        nodes[order[i]].next = i + 1 < NODES ? &nodes[order[i + 1]] : 0;
        nodes[order[i]].value = next_random(&seed) >> 32;
    }
    return &nodes[order[0]];
}

static struct node *reverse(struct node *list)
{
    struct node *done = 0;
    while (list) {
        struct node *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static struct node *merge(struct node *a, struct node *b)
{
    struct node head, *tail = &head;
    while (a && b) {
        struct node **least = a->value <= b->value ? &a : &b;
        tail = tail->next = *least;
        *least = (*least)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

// Bottom-up: bins[i] holds a sorted list of 2^i nodes or nothing, like the digits of a binary counter.
static struct node *sort(struct node *list)
{
    struct node *bins[32] = {0};
    while (list) {
        struct node *next = list->next;
        list->next = 0;
        int i = 0;
        for (; bins[i]; i++) {
            list = merge(bins[i], list);
            bins[i] = 0;
        }
        bins[i] = list;
        list = next;
    }
    for (int i = 0; i < 32; i++)
        list = merge(bins[i], list);
    return list;
}

static uint64_t chase(const struct node *list)
{
    uint64_t sum = 0;
    for (; list; list = list->next)
        sum = sum * 3 + list->value;
    return sum;
}

static uint64_t unit(void)
{
    struct node *list = build();
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) {
        sum = mix(sum, chase(list));
        list = reverse(list);
    }
    return mix(sum, chase(sort(list)));
}

const struct kernel kernel_list = {"list", 0, unit, 0xa2212efd62de55fbul, 0};

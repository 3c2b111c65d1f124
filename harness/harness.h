/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test framework: what a file of tests includes.
 *
 * Names and meanings are those of kselftest_harness.h, so that a test can move into the kernel
 * tree. Added to them: each test declares data after its name (struct test_data), EXPECT_ERRNO and
 * EXPECT_OK for system calls, TH_BAIL for a set-up that did not work, and FEATURE, a probe that
 * tests can name in .needs.
 *
 * A test's id is AREA.NAME[.VARIANT]; AREA is the file's name up to its first dot, so that
 * setiff.c and setiff.names.c hold tests of one area.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

#define HARNESS_MAX_BEHAVIOURS 32
#define HARNESS_MAX_NEEDS      8
#define HARNESS_MAX_GUARDS     8
#define HARNESS_REASON_SIZE    400 /* of the text that says why, with its NUL */

/*
 * What a test says of itself, written after its name:
 *
 *	TEST(read_unattached,
 *	     .title = "read on a file without a device gives EBADFD",
 *	     .behaviours = { 5, 7 })
 */
struct test_data {
	const char *title;			     /* expected behaviour, one sentence */
	int behaviours[HARNESS_MAX_BEHAVIOURS];	     /* catalogue ids, zero ends */
	const char *needs[HARNESS_MAX_NEEDS + 1];    /* names of FEATUREs */
	const char *guards[HARNESS_MAX_GUARDS + 1];  /* commits or CVEs of the fixes guarded */
	bool waits; /* for seconds: it begins before others, so that it is not the last to end */
	bool takes_long; /* run only with --long, or when its id is given */
	bool dangerous;	 /* a kernel with the fault may not survive it: only when its id is given */
};

struct __test_metadata;
struct fixture_variant;

/* A fixture: data a group of tests shares, with its set-up, tear-down and variants. */
struct fixture {
	const char *name;
	size_t size;
	void (*setup)(struct __test_metadata *_metadata, void *self, const void *variant);
	void (*teardown)(struct __test_metadata *_metadata, void *self, const void *variant);
	struct fixture_variant *variants;
};

struct test_case;

struct fixture_variant {
	const char *name;
	const void *data;
	struct fixture_variant *next;
};

struct test_xfail {
	struct fixture_variant *variant;
	const char *reason;
	struct test_xfail *next;
};

/* One TEST or TEST_F as written; the registry makes one test of it for each variant. */
struct test_case {
	const char *file;
	const char *name;
	struct fixture *fixture;
	void (*fn)(struct __test_metadata *_metadata, void *self, const void *variant);
	int signal;    /* the signal that has to end the test, 0 for none */
	int timeout_s; /* 0: the runner's default */
	struct test_data data;
	struct test_xfail *xfails;
	struct test_case *next;
};

/* A probed ability of the kernel or the machine, named in test_data.needs. */
struct feature {
	const char *name;
	const char *missing; /* the phrase a skip gives, "kernel has no ..." */
	bool (*probe)(void); /* runs in a sandbox of its own, like a test */
	struct feature *next;
	/* filled in by the runner */
	bool probed, present;
	char reason[HARNESS_REASON_SIZE];
};

/* The program's own facts: one SUITE in each program. */
struct suite {
	const char *name;
	const char *version;
	const char *needs[HARNESS_MAX_NEEDS + 1]; /* every test needs these too */
	void (*setup)(void);   /* runs in the sandbox before each test; may TH_BAIL */
	const char *attachment; /* file name given to what a test writes to harness_attachment() */
	bool kmsg_any_facility; /* take kernel-log records written by user space for the kernel's */
};

/* The state of a running test, shared between all its processes. */
struct __test_metadata {
	const struct test_case *test;
	struct test_shared *shared;
	jmp_buf env;
	int main_tid;
};

void harness_register_test(struct test_case *t);
void harness_register_variant(struct fixture *f, struct fixture_variant *v);
void harness_register_xfail(struct test_case *t, struct test_xfail *x);
void harness_register_feature(struct feature *f);
void harness_register_suite(const struct suite *s);

/*
 * True if the probe of feature @name found it. Usable in a test's body for an optional part; a name
 * that nobody registered ends the test as an error.
 */
bool harness_feature(const char *name);
/* Why the probe did not find it: the reason for a SKIP of what only a part of a test needs. */
const char *harness_feature_reason(const char *name);

/* For a probe: give the exact reason, in place of the feature's phrase. */
void harness_missing(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * What a test's random choices have to depend on, and on nothing else: the number of `run --seed`,
 * DEFAULT_SEED without.
 */
#define DEFAULT_SEED 1
uint64_t harness_seed(void);

/* The descriptor of the running test's attachment (append-only memory), -1 outside of a test. */
int harness_attachment(void);

/*
 * "ENOENT" for 2; the number for a value without a name. The text stays valid until the thread
 * has made eight more calls.
 */
const char *harness_errno_name(int err);

/* printf to the test's log, with file and line. */
void harness_log(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Ends the running test with the result "error": something that had to be set up for the test did
 * not work. Runs the fixture's tear-down if called from the test's main thread.
 */
void harness_bail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));

/* Used by the macros below. */
void __harness_skip(struct __test_metadata *m, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void __harness_failed(struct __test_metadata *m, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool __harness_bail_out(struct __test_metadata *m, bool assert);
void __harness_wrong_errno(struct __test_metadata *m, const char *file, int line, int expected,
			   const char *call, long long ret, int seen);
struct value {
	unsigned long long bits;
	bool is_signed;
};
void __harness_untrue(struct __test_metadata *m, const char *file, int line, bool expected,
		      const char *seen_text, struct value seen);
void __harness_mismatch(struct __test_metadata *m, const char *file, int line,
			const char *expected_text, struct value expected, const char *op,
			const char *seen_text, struct value seen);

#define __UNUSED __attribute__((unused))
#define __CONSTRUCTOR(tag) static __attribute__((constructor)) void __register_##tag(void)

#define TH_LOG(...)  harness_log(__FILE__, __LINE__, __VA_ARGS__)
#define TH_BAIL(...) harness_bail(__FILE__, __LINE__, __VA_ARGS__)

/* SKIP(return, "kernel has no ..."): gives the reason, then runs the statement. */
#define SKIP(statement, ...)                                                     \
	do {                                                                     \
		__harness_skip(_metadata, __FILE__, __LINE__, __VA_ARGS__);      \
		statement;                                                       \
	} while (0)

#define __TEST(test_name, sig, ...)                                                           \
	static void __test_##test_name(struct __test_metadata *_metadata);                    \
	static void __run_##test_name(struct __test_metadata *_metadata, void *self __UNUSED, \
				      const void *variant __UNUSED)                           \
	{                                                                                     \
		__test_##test_name(_metadata);                                                \
	}                                                                                     \
	static struct test_case __case_##test_name = {                                        \
		.file = __FILE__,                                                             \
		.name = #test_name,                                                           \
		.fn = __run_##test_name,                                                      \
		.signal = sig,                                                                \
		.data = { __VA_ARGS__ },                                                      \
	};                                                                                    \
	__CONSTRUCTOR(test_##test_name)                                                       \
	{                                                                                     \
		harness_register_test(&__case_##test_name);                                   \
	}                                                                                     \
	static void __test_##test_name(struct __test_metadata *_metadata __UNUSED)

#define TEST(test_name, ...) __TEST(test_name, 0, __VA_ARGS__)
/* A test that has to be ended by signal @sig. */
#define TEST_SIGNAL(test_name, sig, ...) __TEST(test_name, sig, __VA_ARGS__)

#define FIXTURE_DATA(fixture_name)	   struct __fixture_##fixture_name
#define FIXTURE_VARIANT(fixture_name)	   struct __fixture_variant_##fixture_name
#define __FIXTURE_OBJECT(fixture_name)	   __fixture_object_##fixture_name

#define FIXTURE(fixture_name)                                                              \
	FIXTURE_DATA(fixture_name);                                                        \
	FIXTURE_VARIANT(fixture_name);                                                     \
	static struct fixture __FIXTURE_OBJECT(fixture_name) = { .name = #fixture_name };  \
	FIXTURE_DATA(fixture_name)

#define __FIXTURE_HOOK(fixture_name, hook)                                                         \
	static void __##fixture_name##_##hook(struct __test_metadata *_metadata,                   \
					      FIXTURE_DATA(fixture_name) * self,                   \
					      const FIXTURE_VARIANT(fixture_name) * variant);      \
	static void __##fixture_name##_##hook##_untyped(struct __test_metadata *_metadata,         \
							void *self, const void *variant)           \
	{                                                                                          \
		__##fixture_name##_##hook(_metadata, self, variant);                               \
	}                                                                                          \
	__CONSTRUCTOR(fixture_name##_##hook)                                                       \
	{                                                                                          \
		__FIXTURE_OBJECT(fixture_name).size = sizeof(FIXTURE_DATA(fixture_name));          \
		__FIXTURE_OBJECT(fixture_name).hook = __##fixture_name##_##hook##_untyped;         \
	}                                                                                          \
	static void __##fixture_name##_##hook(                                                     \
		struct __test_metadata *_metadata __UNUSED,                                        \
		FIXTURE_DATA(fixture_name) *self __UNUSED,                                         \
		const FIXTURE_VARIANT(fixture_name) *variant __UNUSED)

#define FIXTURE_SETUP(fixture_name)    __FIXTURE_HOOK(fixture_name, setup)
#define FIXTURE_TEARDOWN(fixture_name) __FIXTURE_HOOK(fixture_name, teardown)

#define FIXTURE_VARIANT_ADD(fixture_name, variant_name)                                            \
	static const FIXTURE_VARIANT(fixture_name) __variant_data_##fixture_name##_##variant_name; \
	static struct fixture_variant __variant_##fixture_name##_##variant_name = {                \
		.name = #variant_name,                                                             \
		.data = &__variant_data_##fixture_name##_##variant_name,                           \
	};                                                                                         \
	__CONSTRUCTOR(variant_##fixture_name##_##variant_name)                                     \
	{                                                                                          \
		harness_register_variant(&__FIXTURE_OBJECT(fixture_name),                          \
					 &__variant_##fixture_name##_##variant_name);              \
	}                                                                                          \
	static const FIXTURE_VARIANT(fixture_name) __variant_data_##fixture_name##_##variant_name =

#define __TEST_F(fixture_name, test_name, sig, seconds, ...)                                       \
	static void __test_##fixture_name##_##test_name(                                           \
		struct __test_metadata *_metadata, FIXTURE_DATA(fixture_name) *self,               \
		const FIXTURE_VARIANT(fixture_name) *variant);                                     \
	static void __run_##fixture_name##_##test_name(struct __test_metadata *_metadata,          \
						       void *self, const void *variant)            \
	{                                                                                          \
		__test_##fixture_name##_##test_name(_metadata, self, variant);                     \
	}                                                                                          \
	static struct test_case __case_##fixture_name##_##test_name = {                            \
		.file = __FILE__,                                                                  \
		.name = #test_name,                                                                \
		.fixture = &__FIXTURE_OBJECT(fixture_name),                                        \
		.fn = __run_##fixture_name##_##test_name,                                          \
		.signal = sig,                                                                     \
		.timeout_s = seconds,                                                              \
		.data = { __VA_ARGS__ },                                                           \
	};                                                                                         \
	__CONSTRUCTOR(test_##fixture_name##_##test_name)                                           \
	{                                                                                          \
		__FIXTURE_OBJECT(fixture_name).size = sizeof(FIXTURE_DATA(fixture_name));          \
		harness_register_test(&__case_##fixture_name##_##test_name);                       \
	}                                                                                          \
	static void __test_##fixture_name##_##test_name(                                           \
		struct __test_metadata *_metadata __UNUSED,                                        \
		FIXTURE_DATA(fixture_name) *self __UNUSED,                                         \
		const FIXTURE_VARIANT(fixture_name) *variant __UNUSED)

#define TEST_F(fixture_name, test_name, ...) __TEST_F(fixture_name, test_name, 0, 0, __VA_ARGS__)
#define TEST_F_SIGNAL(fixture_name, test_name, sig, ...) \
	__TEST_F(fixture_name, test_name, sig, 0, __VA_ARGS__)
/* @seconds: this test's time-out, if that is longer than the runner's (--timeout). */
#define TEST_F_TIMEOUT(fixture_name, test_name, seconds, ...) \
	__TEST_F(fixture_name, test_name, 0, seconds, __VA_ARGS__)

/* This test is expected to fail for this variant, for this reason (a text for the report). */
#define XFAIL_ADD(fixture_name, variant_name, test_name, why)                                     \
	static struct test_xfail __xfail_##fixture_name##_##variant_name##_##test_name = {        \
		.variant = &__variant_##fixture_name##_##variant_name,                            \
		.reason = why,                                                                    \
	};                                                                                        \
	__CONSTRUCTOR(xfail_##fixture_name##_##variant_name##_##test_name)                        \
	{                                                                                         \
		harness_register_xfail(&__case_##fixture_name##_##test_name,                      \
				       &__xfail_##fixture_name##_##variant_name##_##test_name);   \
	}

/* FEATURE(name, "kernel has no ...") { return can_do_it; } */
#define FEATURE(feature_name, phrase)                                                              \
	static bool __probe_##feature_name(void);                                                  \
	static struct feature __feature_##feature_name = {                                         \
		.name = #feature_name,                                                             \
		.missing = phrase,                                                                 \
		.probe = __probe_##feature_name,                                                   \
	};                                                                                         \
	__CONSTRUCTOR(feature_##feature_name)                                                      \
	{                                                                                          \
		harness_register_feature(&__feature_##feature_name);                               \
	}                                                                                          \
	static bool __probe_##feature_name(void)

#define SUITE(...)                                            \
	static const struct suite __suite = { __VA_ARGS__ };  \
	__CONSTRUCTOR(suite)                                  \
	{                                                     \
		harness_register_suite(&__suite);             \
	}

/*
 * An expectation is one statement, also under `if` and `for`. After a failed one an optional block
 * runs, as in
 *	ASSERT_EQ(0, ret) { TH_LOG("with flags %#x", flags); }
 * and then ASSERT leaves the test.
 */
#define __HANDLE(_failed, _assert) \
	for (bool __failed = (_failed); __failed; __failed = __harness_bail_out(_metadata, _assert))

#define __VALUE(v)                                                   \
	((struct value){ .bits = (unsigned long long)(v),            \
			 .is_signed = (__typeof__(v))-1 < (__typeof__(v))1 })

#define __EXPECT(_expected, _estr, _seen, _sstr, _op, _assert)                   \
	__HANDLE(({                                                                          \
			 __typeof__(_expected) __exp = (_expected);                          \
			 __typeof__(_seen) __seen = (_seen);                                 \
			 bool __good = __exp _op __seen;                                     \
			 if (!__good)                                                        \
				 __harness_mismatch(_metadata, __FILE__, __LINE__,           \
						    _estr, __VALUE(__exp), #_op, _sstr,  \
						    __VALUE(__seen));                        \
			 !__good;                                                            \
		 }),                                                                         \
		 _assert)

#define __EXPECT_BOOL(_expected, _seen, _sstr, _assert)                                      \
	__HANDLE(({                                                                          \
			 __typeof__(_seen) __seen = (_seen);                                 \
			 bool __good = !!__seen == _expected;                                \
			 if (!__good)                                                        \
				 __harness_untrue(_metadata, __FILE__, __LINE__, _expected,  \
						  _sstr, __VALUE(__seen));                   \
			 !__good;                                                            \
		 }),                                                                         \
		 _assert)

#define __EXPECT_STR(_expected, _seen, _op, _assert)                                         \
	__HANDLE(({                                                                          \
			 const char *__exp = (_expected);                                    \
			 const char *__seen = (_seen);                                       \
			 bool __good = strcmp(__exp, __seen) _op 0;                          \
			 if (!__good)                                                        \
				 __harness_failed(_metadata, __FILE__, __LINE__,             \
						  "Expected %s ('%s') %s %s ('%s')",         \
						  #_expected, __exp, #_op, #_seen, __seen);  \
			 !__good;                                                            \
		 }),                                                                         \
		 _assert)

/* The call has to give -1 and this errno; 0 stands for any result but -1. */
#define __EXPECT_ERRNO(_err, _call, _cstr, _assert)                                          \
	__HANDLE(({                                                                          \
			 int __exp = (_err);                                                 \
			 long long __ret = (long long)(_call);                               \
			 int __seen = __ret == -1 ? errno : 0;                               \
			 if (__exp != __seen)                                                \
				 __harness_wrong_errno(_metadata, __FILE__, __LINE__, __exp, \
						       _cstr, __ret, __seen);                \
			 __exp != __seen;                                                    \
		 }),                                                                         \
		 _assert)

/* The call has to give 0, not just any result but -1. */
#define __EXPECT_OK(_call, _cstr, _assert)                                                   \
	__HANDLE(({                                                                          \
			 long long __ret = (long long)(_call);                               \
			 if (__ret)                                                          \
				 __harness_wrong_errno(_metadata, __FILE__, __LINE__, 0,     \
						       _cstr, __ret,                         \
						       __ret == -1 ? errno : 0);             \
			 __ret != 0;                                                         \
		 }),                                                                         \
		 _assert)

#define EXPECT_EQ(expected, seen) __EXPECT(expected, #expected, seen, #seen, ==, 0)
#define EXPECT_NE(expected, seen) __EXPECT(expected, #expected, seen, #seen, !=, 0)
#define EXPECT_LT(expected, seen) __EXPECT(expected, #expected, seen, #seen, <, 0)
#define EXPECT_LE(expected, seen) __EXPECT(expected, #expected, seen, #seen, <=, 0)
#define EXPECT_GT(expected, seen) __EXPECT(expected, #expected, seen, #seen, >, 0)
#define EXPECT_GE(expected, seen) __EXPECT(expected, #expected, seen, #seen, >=, 0)
#define EXPECT_NULL(seen)	  __EXPECT(NULL, "NULL", seen, #seen, ==, 0)
#define EXPECT_TRUE(seen)	  __EXPECT_BOOL(true, seen, #seen, 0)
#define EXPECT_FALSE(seen)	  __EXPECT_BOOL(false, seen, #seen, 0)
#define EXPECT_STREQ(expected, seen) __EXPECT_STR(expected, seen, ==, 0)
#define EXPECT_STRNE(expected, seen) __EXPECT_STR(expected, seen, !=, 0)
#define EXPECT_ERRNO(err, call)	  __EXPECT_ERRNO(err, call, #call, 0)
#define EXPECT_OK(call)		  __EXPECT_OK(call, #call, 0)

#define ASSERT_EQ(expected, seen) __EXPECT(expected, #expected, seen, #seen, ==, 1)
#define ASSERT_NE(expected, seen) __EXPECT(expected, #expected, seen, #seen, !=, 1)
#define ASSERT_LT(expected, seen) __EXPECT(expected, #expected, seen, #seen, <, 1)
#define ASSERT_LE(expected, seen) __EXPECT(expected, #expected, seen, #seen, <=, 1)
#define ASSERT_GT(expected, seen) __EXPECT(expected, #expected, seen, #seen, >, 1)
#define ASSERT_GE(expected, seen) __EXPECT(expected, #expected, seen, #seen, >=, 1)
#define ASSERT_NULL(seen)	  __EXPECT(NULL, "NULL", seen, #seen, ==, 1)
#define ASSERT_TRUE(seen)	  __EXPECT_BOOL(true, seen, #seen, 1)
#define ASSERT_FALSE(seen)	  __EXPECT_BOOL(false, seen, #seen, 1)
#define ASSERT_STREQ(expected, seen) __EXPECT_STR(expected, seen, ==, 1)
#define ASSERT_STRNE(expected, seen) __EXPECT_STR(expected, seen, !=, 1)
#define ASSERT_ERRNO(err, call)	  __EXPECT_ERRNO(err, call, #call, 1)
#define ASSERT_OK(call)		  __EXPECT_OK(call, #call, 1)

#endif /* HARNESS_H */

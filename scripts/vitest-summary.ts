/**
 * A vitest reporter that writes counts and the reasons of skipped tests as JSON to the file named by
 * `VITEST_SUMMARY_FILE`, so that a script that runs vitest several times can add them up.
 */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export type VitestSummary = Readonly<{
  passed: number;
  failed: number;
  skipped: readonly Readonly<{ test: string; reason: string }>[];
}>;

export class SummaryReporter implements Reporter {
  #passed = 0;
  #failed = 0;
  readonly #skipped: { test: string; reason: string }[] = [];

  onTestCaseResult(testCase: TestCase): void {
    const result = testCase.result();
    if (result.state === 'passed') this.#passed += 1;
    else if (result.state === 'failed') this.#failed += 1;
    else if (result.state === 'skipped') {
      this.#skipped.push({
        test: `${testCase.module.relativeModuleId} > ${testCase.fullName}`,
        reason: result.note ?? 'no reason given',
      });
    }
  }

  /** A file that could not be loaded, or an error outside of tests, is a failure too. */
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const summary: VitestSummary = {
      passed: this.#passed,
      failed: this.#failed + broken,
      skipped: this.#skipped,
    };
    const file = process.env['VITEST_SUMMARY_FILE'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(summary));
  }
}

export { SummaryReporter as default };

//! The kernel's count is read as it is written.

use crate::pressure::stalled_ns_in;

#[test]
fn reads_the_count_of_the_kernel() {
    let text = "some avg10=92.18 avg60=91.37 avg300=79.83 total=3293403325\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
    assert_eq!(stalled_ns_in(text), Some(3_293_403_325_000));
    assert_eq!(stalled_ns_in("full total=7\n"), None);
}

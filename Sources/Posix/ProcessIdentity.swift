internal import Glibc

/// This process.
public enum ProcessIdentity {
    /// Its number.
    public static var number: Int32 { getpid() }
}
